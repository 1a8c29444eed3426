/**
 * Keeps the replica equal to those of the peers. Sessions find missing ids, the ReconciliationSet
 * gathers them over all peers, and the fetcher gets each item from one source.
 */

export type { CatchUpProgress } from './catch-up/index.ts';
export type { IdGap, PeerGap, SessionEntry } from './explain/index.ts';
export type { FetchAttempt } from './fetching/index.ts';
export type { ArrivalObserver, ReplicatorObserver } from './observer.ts';
export { DEFAULT_REPLICATOR_OPTIONS, type ReplicatorOptions } from './options.ts';
export type { PeerRecord, PeerTerms } from './peers.ts';
export { Replicator } from './replicator.ts';
export type { Statement, Statements } from './scheduling/index.ts';
export { MAX_RECORD_BYTES, type WantsFile } from './upkeep/index.ts';
export type { Why } from './why.ts';
