/**
 * The item set on disk and in memory: items, fingerprints, trees, vectors, and the replica over
 * LevelDB. It knows no network.
 */

export { Alarm, delay, Rests, slowerAtOnce } from './alarm.ts';
export { BoundedMap } from './bounded-map.ts';
export {
  type Bytes,
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
export { checkClock, checkFunction, checkInit, checkList, checkPort, kindOf } from './checks.ts';
export * from './coding/index.ts';
export type * from './environment.ts';
export * from './errors.ts';
export {
  type CompositeScheme,
  composite,
  type FingerprintScheme,
  lthash,
  lthashKernel,
  lthashReference,
  sum256,
} from './fingerprint/index.ts';
export { Gate } from './gate.ts';
export { InvariantError, invariant, onBrokenInvariant } from './invariant.ts';
export * from './item.ts';
export { identifyItem, itemId, type VerifiedItem, verifyItem } from './item-id.ts';
export { type Blake3, blake3 } from './kernel/index.ts';
export {
  checkLock,
  type Database,
  DatabaseCare,
  type DatabaseCareInit,
  type DatabaseFiles,
  type FileEntry,
  isReadFailure,
  loggedSpan,
  openDatabase,
  type ReadableFile,
  repairDatabase,
} from './level/index.ts';
export * from './replica/index.ts';
export { shortageOf } from './shortage.ts';
export * from './storage.ts';
export { subRange } from './sub-range.ts';
export { systemClock, systemDisk, systemRandom } from './system/index.ts';
export {
  DurableTree,
  type DurableTreeInit,
  LevelTree,
  type LevelTreeInit,
  MemoryTree,
  type PreparedWrite,
  type TreeShapeInit,
  TreeSnapshot,
  type TreeWrite,
} from './tree/index.ts';
export {
  FlatVector,
  type FlatVectorInit,
  SortedVector,
  type SortedVectorInit,
} from './vector/index.ts';
