/** For tests alone: the parts of this room that they look at from inside. */

export { checkSteps, checkTree } from './check.ts';
export { insertInto } from './insert.ts';
export { mergeRuns, withoutKeys } from './merge.ts';
export type { Inner, Leaf } from './node.ts';
export type { NodeReader, NodeWriter } from './node-store.ts';
export { addPart, newInner, newLeaf } from './parts.ts';
export * from './read.ts';
export { removeFrom } from './remove.ts';
export * from './run.ts';
export * from './shape.ts';
export { splitStates } from './split.ts';
export { rangeState } from './tally.ts';
