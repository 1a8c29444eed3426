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
export {
  bodyOf,
  HEADER_BYTES,
  newRecord,
  openRecord,
  RecordError,
  Scratch,
  seal,
} from './record.ts';
export { repairDatabase } from './repair.ts';
export { behind, passOver, STEP_BYTES, type WalkOptions, walk, walkOnce } from './scan.ts';
export {
  isBytes,
  isDatabaseError,
  isReadFailure,
  isUnreadable,
  type ReadResult,
  tryHasMany,
  tryRead,
  tryReadMany,
  UNREADABLE,
} from './tolerant-read.ts';
