/** For tests alone: the parts of this room that they look at from inside. */

export { LogWindow } from './log-window.ts';
export { MergeCost } from './merge-cost.ts';
export { readState } from './open-set.ts';
export { Replay } from './replay.ts';
export type { SetShape } from './set-shape.ts';
