/** The replica: items, index and state in one LevelDB. A put that is answered is on disk. */

export type { IndexOptions, ReplicaLimits, ScrubOptions } from './options.ts';
export { MAX_LIST_LIMIT } from './read/index.ts';
export { Replica } from './replica.ts';
export type {
  Incident,
  ListInit,
  NewItem,
  PutOptions,
  PutResult,
  ReplicaDatabase,
  ReplicaInit,
  ReplicaLogger,
  ReplicaStatus,
  ScrubStatus,
  Served,
  ServeLimits,
  Witness,
} from './types.ts';
export {
  type VerifyInit,
  type VerifyOptions,
  type VerifyProblem,
  type VerifyProgress,
  type VerifyResult,
  verifyReplica,
} from './verify/index.ts';
