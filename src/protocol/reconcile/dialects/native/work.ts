import type { Interval } from '../../dialect.ts';

/**
 * Work in slices. It yields `slice` when it has had its share of the turn, `output` when a frame must
 * be taken before it can go on, and `wait` when only the peer can bring it on.
 */
export type NativeWork<Result = void> = Generator<'slice' | 'output' | 'wait', Result>;

/** A part of the key space and the ranks it has here. */
export interface RankedRange extends Interval {
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
