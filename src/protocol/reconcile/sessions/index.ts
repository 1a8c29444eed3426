/**
 * Sessions over channels: lasting streams, one session at a time with each peer, slots, time
 * limits and reports.
 */

export { ReconcileService } from './service.ts';
export type { HeldSnapshot, Reconcile, ReconcileEvents, ReconcileInit, Scope } from './types.ts';
