/**
 * Reconciliation: the `Dialect` interface, the dialects, and the service that runs sessions with
 * peers.
 */

export type {
  CurrentSet,
  Dialect,
  Finding,
  Interval,
  ItemRoom,
  Outline,
  Outlines,
  RecentKeys,
  Role,
  Session,
  SessionHistory,
  SessionInit,
  SessionMode,
  Step,
  Surveyed,
} from './dialect.ts';
export {
  commonware,
  DEFAULT_NATIVE_LIMITS,
  type NativeInit,
  type NativeLimits,
  nativeDialect,
  negentropy,
} from './dialects/index.ts';
export {
  type DriveInit,
  type DrivePort,
  type DriveResult,
  drive,
  type Found,
  type MessagePortLike,
  type PortEvent,
  type SocketLike,
  type StreamPair,
} from './drive/index.ts';
export { isEqualButRefused, isOneWay } from './equality.ts';
export {
  DEFAULT_ROOT_HISTORY_OPTIONS,
  RootHistory,
  type RootHistoryInit,
  type RootHistoryOptions,
} from './history/index.ts';
export { EVERYTHING, sameInterval } from './interval.ts';
export { LINKS, type LinkChoice, type SessionLink } from './link.ts';
export {
  DEFAULT_RECONCILE_OPTIONS,
  type ReconcileOptions,
  type SessionLimits,
} from './options.ts';
export { efficiency, reconciledBoth, type SessionReport } from './report.ts';
export {
  type Comparison,
  type HeldSnapshot,
  type NamedIds,
  type Reconcile,
  type ReconcileEvents,
  type ReconcileInit,
  ReconcileService,
  type RunningSession,
  type Scope,
} from './sessions/index.ts';
export { wholeStep } from './whole-step.ts';
