export { type Blake3, blake3 } from './blake3.ts';
export {
  bytesToHex,
  bytesToKey,
  compareBytes,
  concatBytes,
  equalBytes,
  hexToBytes,
  keyToBytes,
  readU64BE,
  writeBase128,
  writeU64BE,
  writeU64LE,
} from './bytes.ts';
export * from './coding/index.ts';
export type * from './environment.ts';
export * from './errors.ts';
export { type CompositeScheme, composite } from './fingerprint/composite.ts';
export { lthashReference } from './fingerprint/lthash.ts';
export { lthash, lthashKernel } from './fingerprint/lthash-kernel.ts';
export type * from './fingerprint/scheme.ts';
export { sum256 } from './fingerprint/sum256.ts';
export * from './item.ts';
export { type Database, openDatabase } from './replica/database.ts';
export type { ReplicaLimits } from './replica/limits.ts';
export { MAX_LIST_LIMIT } from './replica/list.ts';
export { repairDatabase } from './replica/repair.ts';
export { Replica } from './replica/replica.ts';
export type { ScrubOptions } from './replica/scrub-options.ts';
export type * from './replica/types.ts';
export * from './storage.ts';
export {
  DurableTree,
  type DurableTreeInit,
  type PreparedWrite,
  type TreeWrite,
} from './tree/level/durable-tree.ts';
export { LevelTree, type LevelTreeInit } from './tree/level/level-tree.ts';
export { MemoryTree } from './tree/memory-tree.ts';
export type { TreeShapeInit } from './tree/shape.ts';
export { TreeSnapshot } from './tree/snapshot.ts';
export { subRange } from './tree/sub-range.ts';
export { FlatVector, type FlatVectorInit } from './vector/flat/flat-vector.ts';
export { SortedVector, type SortedVectorInit } from './vector/sorted-vector.ts';
export * from './verify/index.ts';
