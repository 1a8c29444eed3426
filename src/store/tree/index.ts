/**
 * The order-statistic B+tree over a small node-store interface. Nodes never change once written.
 */

export { isLeaf } from './child.ts';
export {
  auditTree,
  ByteCache,
  corrupt,
  DurableTree,
  type DurableTreeInit,
  decodeMeta,
  decodeNode,
  decodeSummary,
  encodeMeta,
  LevelNodeReader,
  LevelTree,
  type LevelTreeFiles,
  type LevelTreeInit,
  openMeta,
  type PreparedWrite,
  type TreeKeys,
  type TreeMeta,
  type TreeWrite,
  treeKeys,
} from './level/index.ts';
export { HeapSet, HeapTree, type LazyRef, lazyNodes, MemoryTree } from './memory/index.ts';
export type { KeyRun, TreeNode } from './node.ts';
export {
  compareAt,
  copyKeys,
  firstDisorder,
  idsOf,
  keyAt,
  newRun,
  runOf,
  searchBound,
} from './run.ts';
export { type TreeShapeInit, treeShape } from './shape.ts';
export { freeLease, TreeSnapshot } from './snapshot.ts';
