import type { Interval } from '../../dialect.ts';
import type { NativeRecord, RecordOutbox } from './wire/index.ts';

/**
 * Work in slices. It yields `slice` when its share of the turn is used up, `output` until a frame is
 * taken, and `wait` until a record of the peer arrives.
 */
export type NativeWork<Result = void> = Generator<'slice' | 'output' | 'wait', Result>;

/** Pushes a record once no whole frame waits. */
export function* send(outbox: RecordOutbox, record: NativeRecord): NativeWork {
  while (outbox.full) yield 'output';
  outbox.push(record);
}

/** A part of the key space and the ranks it has here. */
export interface RankedRange extends Interval {
  readonly begin: number;
  readonly end: number;
  /** Absent where the places of the differences are unknown. */
  readonly cluster?: Cluster;
}

/** Differences lie close together here, so that narrowing pays. */
export interface Cluster {
  /** Their estimated number; null when unknown. */
  readonly differences: number | null;
}

/** The items in all ranges. */
export function itemsIn(ranges: readonly RankedRange[]): number {
  return ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);
}

/** The cluster as an optional field of a range. */
export function inCluster(cluster: Cluster | undefined): { cluster?: Cluster } {
  return cluster === undefined ? {} : { cluster };
}
