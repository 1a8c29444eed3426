/**
 * LevelDB itself: opening, repairing, scanning, reads that tolerate damage, and records with a
 * checksum. Another abstract-level database comes in by `ReplicaDatabase` of the replica room.
 */

export { claim } from './claims.ts';
export {
  type CompactOptions,
  type CompactProgress,
  type CompactResult,
  compactDatabase,
} from './compact.ts';
export {
  type BatchOperation,
  type BatchSink,
  checkLock,
  type Database,
  fillWith,
  type KeyRangeBytes,
  loggedSpan,
  openDatabase,
  operationsOf,
  plain,
  type ReadyBatch,
  type RecordOptions,
  readSync,
  readyBatch,
  unavailableDatabase,
  VIEWS,
  viewsOf,
  writeSynced,
} from './database.ts';
export {
  DatabaseCare,
  type DatabaseCareInit,
  type DatabaseFiles,
  type FileEntry,
  type ReadableFile,
} from './files/index.ts';
export * from './record.ts';
export { repairDatabase } from './repair.ts';
export * from './scan.ts';
export * from './tolerant-read.ts';
export { isUnreadable } from './unreadable.ts';
