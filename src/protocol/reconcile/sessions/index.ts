/**
 * Sessions over channels: lasting streams, one session at a time with each peer, slots, time
 * limits and reports. Begin with `service.ts`; `SessionRun` in `session.ts` carries one session.
 */

export { ReconcileService } from './service.ts';
export type { HeldSnapshot, Reconcile, ReconcileEvents, ReconcileInit, Scope } from './types.ts';
