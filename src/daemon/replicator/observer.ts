import type { FetchReport, SessionReport } from '../../protocol/index.ts';
import type { PutResult, VerifiedItem } from '../../store/index.ts';

/** Hears of items of peers that were given to the store. */
export interface ArrivalObserver {
  /** `results` has the result of each of `items`, in their order. */
  stored(items: readonly VerifiedItem[], results: readonly PutResult<Uint8Array>[]): void;
  /** The store did not take an item. */
  refused(code: string): void;
}

/** Hears of the work of a replicator as it is done, for metrics. Its methods must not throw. */
export interface ReplicatorObserver {
  readonly pushed: ArrivalObserver;
  readonly fetched: ArrivalObserver;
  /** Items were put here. */
  put(results: readonly PutResult[]): void;
  sessionEnded(report: SessionReport): void;
  requestEnded(report: FetchReport, durationMs: number): void;
}
