export * from './announce/index.ts';
export * from './errors.ts';
export * from './fetch/index.ts';
export type { Log } from './log.ts';
export type * from './network/network.ts';
export { protocolId } from './protocol-id.ts';
export { commonware } from './reconcile/commonware/index.ts';
export type * from './reconcile/dialect.ts';
export {
  DEFAULT_LIMITS as DEFAULT_NATIVE_LIMITS,
  type NativeLimits,
} from './reconcile/native/constants.ts';
export { type NativeInit, nativeDialect } from './reconcile/native/index.ts';
export { negentropy } from './reconcile/negentropy/index.ts';
export { efficiency, type SessionReport, settledBoth } from './reconcile/report.ts';
export { ReconcileService } from './reconcile/service.ts';
export { DEFAULT_RECONCILE_OPTIONS, type ReconcileOptions } from './reconcile/service-options.ts';
export type { HeldSnapshot, Scope } from './reconcile/service-session.ts';
export type { Reconcile, ReconcileEvents, ReconcileInit } from './reconcile/service-types.ts';
export {
  ReconciliationSet,
  type ReconciliationSetInit,
  type Said,
  type Want,
} from './reconcile/set.ts';
