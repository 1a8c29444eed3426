import type { Coding, Snapshot } from '../../../store/index.ts';
import type { Interval } from '../dialect.ts';
import type { NativeLimits } from './constants.ts';
import type { SessionKey } from './key.ts';
import type { Ledger } from './ledger.ts';
import type { Meter } from './meter.ts';
import type { PeerLimits } from './opening.ts';
import type { Outbox } from './outbox.ts';

/** What the parts of a session share once both sides have opened. */
export interface Context {
  readonly snapshot: Snapshot;
  readonly coding: Coding;
  readonly key: SessionKey;
  readonly limits: NativeLimits;
  /** What the peer accepts. */
  readonly peer: PeerLimits;
  readonly meter: Meter;
  readonly outbox: Outbox;
  readonly ledger: Ledger;
}

/**
 * Work in slices. It yields `slice` when it has had its share of the turn, `output` when a frame must
 * be taken before it can go on, and `wait` when only the peer can bring it on.
 */
export type Work<Result = void> = Generator<'slice' | 'output' | 'wait', Result>;

/** A part of the key space and the ranks it has here. */
export interface Range extends Interval {
  readonly begin: number;
  readonly end: number;
  /** Absent where nothing is known of how the differences lie. */
  readonly cluster?: Cluster;
}

/** What differs lies close together, so that narrowing pays. */
export interface Cluster {
  /** How much that is, about; null when nobody knows. */
  readonly differences: number | null;
}

/** What a range of a cluster has more than others. */
export function inCluster(cluster: Cluster | undefined): { cluster?: Cluster } {
  return cluster === undefined ? {} : { cluster };
}

/** The range with its ranks. */
export function locate({ snapshot }: Context, { lower, upper }: Interval): Range {
  return { lower, upper, begin: snapshot.lowerBound(lower), end: snapshot.lowerBound(upper) };
}
