/**
 * The order-statistic B+tree over a small node-store interface. Nodes never change once written.
 */

export { isLeaf } from './child.ts';
export * from './level/index.ts';
export * from './memory/index.ts';
export { interleaved } from './merge.ts';
export type { KeyRun, TreeNode } from './node.ts';
export {
  compareAt,
  concatRuns,
  copyKeys,
  firstDisorder,
  idsOf,
  keyAt,
  newRun,
  runOf,
  searchBound,
  sliceRun,
} from './run.ts';
export { type TreeShapeInit, treeShape } from './shape.ts';
export { freeLease, TreeSnapshot } from './snapshot.ts';
