/** For tests alone: the parts of this room that they test directly. */

export { IdQueue } from './id-queue.ts';
export { SourceRoots } from './sources.ts';
export { Wants } from './wants.ts';
