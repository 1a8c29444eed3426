/** For tests alone: the parts of this room that they look at from inside. */

export { proofOf } from './admin-file.ts';
export { BackOff } from './backoff.ts';
export { EXIT, EXIT_MEANINGS, exitCodeOf } from './errors.ts';
export type {
  DiffAnswer,
  ExplainedNode,
  NodeExplain,
  SessionsAnswer,
  SyncedAnswer,
} from './explain-api.ts';
export { type Logger, type LogLevel, libp2pLogging } from './logging.ts';
export type { ArrivalFeed, BulkItems, HoldMemory, RefusalReason, WhyAnswer } from './node-api.ts';
export { placeAt } from './own-files.ts';
export {
  hostOf,
  isLoopback,
  isLoopbackHost,
  parseListenAddress,
  parsePeerAddress,
  withoutPeer,
} from './peer-address.ts';
