/**
 * The protocol as a library: dialects, sessions, fetch, announce and the ReconciliationSet. It
 * loads no package but @noble/hashes.
 */

export * from './announce/index.ts';
export * from './budgets/index.ts';
export { ProtocolError, type ProtocolErrorCode, SessionStop } from './errors.ts';
export * from './fetch/index.ts';
export type { Log } from './log.ts';
export type * from './network/index.ts';
export { protocolId } from './protocol-id.ts';
export type {
  Dialect,
  Finding,
  HeldSnapshot,
  Interval,
  Outline,
  Reconcile,
  ReconcileEvents,
  ReconcileInit,
  Role,
  Scope,
  Session,
  SessionInit,
  SessionLimits,
  Step,
  Surveyed,
} from './reconcile/index.ts';
export {
  commonware,
  DEFAULT_LIMITS as DEFAULT_NATIVE_LIMITS,
  DEFAULT_RECONCILE_OPTIONS,
  efficiency,
  type NativeInit,
  type NativeLimits,
  nativeDialect,
  negentropy,
  type ReconcileOptions,
  ReconcileService,
  type SessionReport,
  settledBoth,
} from './reconcile/index.ts';
export {
  ReconciliationSet,
  type ReconciliationSetInit,
  type Said,
  type Want,
} from './reconciliation-set/index.ts';
