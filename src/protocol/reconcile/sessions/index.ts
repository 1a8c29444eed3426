/**
 * Sessions over channels: lasting streams, one session at a time with each peer, slots, time
 * limits and reports. Begin with `service.ts`; `SessionRun` in `session.ts` carries one session.
 */

export { ReconcileService } from './service.ts';
export type {
  Comparison,
  HeldSnapshot,
  NamedIds,
  Reconcile,
  ReconcileEvents,
  ReconcileInit,
  RunningSession,
  Scope,
} from './types.ts';
