/** For tests alone: the parts of this room that they look at from inside. */

export type { SetShape } from './durable-set.ts';
export { LogWindow } from './log-window.ts';
export { MergeCost } from './merge-cost.ts';
export { readState } from './open-set.ts';
export { Replay } from './replay.ts';
