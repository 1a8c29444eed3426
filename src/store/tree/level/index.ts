/** The tree in LevelDB: node records, cache, leases on snapshots, and audits. */

export { auditTree } from './audit.ts';
export { ByteCache, type CacheUses } from './cache.ts';
export { decodeNode, decodeSummary } from './codec.ts';
export {
  DurableTree,
  type DurableTreeInit,
  type PreparedWrite,
  type TreeWrite,
} from './durable-tree.ts';
export { type TreeKeys, treeKeys } from './keys.ts';
export { LevelTree, type LevelTreeInit } from './level-tree.ts';
export { decodeMeta, encodeMeta, type TreeMeta } from './meta.ts';
export { openMeta } from './open.ts';
export { corrupt, LevelNodeReader, type LevelTreeFiles } from './reader.ts';
