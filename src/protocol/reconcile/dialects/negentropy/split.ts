import { type Bound, fingerprintsBetween, type Snapshot } from '../../../../store/index.ts';
import { boundAt } from '../shared/index.ts';
import { BUCKETS } from './constants.ts';

/** One of the parts a range is split into. */
export interface SplitRange {
  readonly upper: Bound;
  /** 16 bytes. */
  readonly fingerprint: Uint8Array;
}

/** Ranks that cut [begin, end) into 16 parts; the first parts hold the items left over. */
export function cutsOf(begin: number, end: number): number[] {
  const size = Math.floor((end - begin) / BUCKETS);
  const larger = (end - begin) % BUCKETS;
  return Array.from({ length: BUCKETS + 1 }, (_, i) => begin + i * size + Math.min(i, larger));
}

/** The 16 parts of [begin, end), the last of which ends at `upper`. */
export function splitRange(
  snapshot: Snapshot,
  begin: number,
  end: number,
  upper: Bound,
): SplitRange[] {
  const cuts = cutsOf(begin, end);
  const states = fingerprintsBetween(snapshot, cuts);
  return states.map((state, i) => ({
    upper: i === BUCKETS - 1 ? upper : boundAt(snapshot, cuts[i + 1]!),
    fingerprint: snapshot.scheme.digest(state, cuts[i + 1]! - cuts[i]!),
  }));
}
