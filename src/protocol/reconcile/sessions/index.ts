/**
 * Sessions over channels: lasting streams, one session at a time with each peer, slots, time
 * limits and reports.
 */

export { DEFAULT_RECONCILE_OPTIONS, type ReconcileOptions } from './options.ts';
export { ReconcileService } from './service.ts';
export type { HeldSnapshot, Scope } from './session.ts';
export type { Reconcile, ReconcileEvents, ReconcileInit } from './types.ts';
