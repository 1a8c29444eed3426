/**
 * LevelDB itself: opening, repairing, scanning, reads that tolerate damage, and records with a
 * checksum. Another abstract-level database comes in by `ReplicaDatabase` of the replica room.
 */

export {
  type BatchOperation,
  type BatchSink,
  type Database,
  type KeyRangeBytes,
  loggedSpan,
  openDatabase,
  operationsOf,
  plain,
  type ReadyBatch,
  type RecordOptions,
  readSync,
  readyBatch,
  VIEWS,
  viewsOf,
  writeSynced,
} from './database.ts';
export * from './record.ts';
export { repairDatabase } from './repair.ts';
export * from './scan.ts';
export * from './tolerant-read.ts';
