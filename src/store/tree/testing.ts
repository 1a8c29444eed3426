/** For tests alone: the parts of this room that they look at from inside. */

export { checkSteps, checkTree } from './check.ts';
export { insertInto } from './insert.ts';
export { mergeRuns, withoutKeys } from './merge.ts';
export type { Inner, Leaf } from './node.ts';
export type { NodeReader, NodeWriter } from './node-store.ts';
export { addPart, newInner, newLeaf } from './parts.ts';
export {
  copyIds,
  countBelow,
  leafEdge,
  leafRanges,
  lowerBound,
  select,
  type TreeView,
} from './read.ts';
export { removeFrom } from './remove.ts';
export {
  checkAscending,
  concatRuns,
  hintAt,
  runOf,
  searchKey,
  searchPosition,
  sliceRun,
  viewRun,
} from './run.ts';
export {
  cutSizes,
  isSeries,
  joinLimit,
  MAX_ENTRIES,
  piecesOf,
  spotWithin,
  type TreeShape,
} from './shape.ts';
export { splitStates } from './split.ts';
export { rangeState } from './tally.ts';
