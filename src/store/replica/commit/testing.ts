/** For tests alone: the parts of this room that they look at from inside. */

export type { MergerInit } from './merger.ts';
export { Pipeline } from './pipeline.ts';
