import type { FetchReport, RangeReport, SessionReport } from '../../protocol/index.ts';
import type { PutResult, VerifiedItem } from '../../store/index.ts';

/** Hears of items of peers that were given to the store. */
export interface ArrivalObserver {
  /** `results` has the result of each of `items`, in their order. */
  stored(items: readonly VerifiedItem[], results: readonly PutResult<Uint8Array>[]): void;
  /** An item was not taken, or items are put off: by the guard, the store, a limit or a rate. */
  refused(code: string): void;
}

/**
 * What no honest peer does: a wrong length, ids that it lacks listed by the hundred, a wrong announcement. `STALLED`: a
 * request brought nothing until another source got it, which the network may cause too.
 */
export type Misdeed = 'WRONG_LENGTH' | 'FALSE_LIST' | 'WRONG_ANNOUNCEMENT' | 'STALLED';

/** Hears of the work of a replicator as it is done, for metrics and events. Its methods must not throw. */
export interface ReplicatorObserver {
  readonly pushed: ArrivalObserver;
  readonly fetched: ArrivalObserver;
  /** Items were put here. */
  put(results: readonly PutResult[]): void;
  /** A peer with which sessions are possible came or went. */
  peer(peer: string, change: 'connected' | 'disconnected'): void;
  /** A peer listed ids that are wanted now. */
  want(peer: string, ids: readonly Uint8Array[]): void;
  sessionEnded(report: SessionReport): void;
  requestEnded(report: FetchReport, durationMs: number): void;
  streamEnded(report: RangeReport, durationMs: number): void;
  misbehaved(peer: string, misdeed: Misdeed): void;
}

/** One observer that tells all of these, each of what it takes. */
export function joined(observers: readonly Partial<ReplicatorObserver>[]): ReplicatorObserver {
  const tell = (call: (observer: Partial<ReplicatorObserver>) => void): void =>
    observers.forEach(call);
  const way = (name: 'pushed' | 'fetched'): ArrivalObserver => ({
    stored: (items, results) => tell((observer) => observer[name]?.stored(items, results)),
    refused: (code) => tell((observer) => observer[name]?.refused(code)),
  });
  return {
    pushed: way('pushed'),
    fetched: way('fetched'),
    put: (results) => tell((observer) => observer.put?.(results)),
    peer: (peer, change) => tell((observer) => observer.peer?.(peer, change)),
    want: (peer, ids) => tell((observer) => observer.want?.(peer, ids)),
    sessionEnded: (report) => tell((observer) => observer.sessionEnded?.(report)),
    requestEnded: (report, ms) => tell((observer) => observer.requestEnded?.(report, ms)),
    streamEnded: (report, ms) => tell((observer) => observer.streamEnded?.(report, ms)),
    misbehaved: (peer, misdeed) => tell((observer) => observer.misbehaved?.(peer, misdeed)),
  };
}
