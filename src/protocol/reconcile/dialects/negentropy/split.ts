import {
  type Bound,
  fingerprintsBetween,
  ID_BYTES,
  type ItemKey,
  type Snapshot,
} from '../../../../store/index.ts';
import { BUCKETS } from './constants.ts';

/** One of the parts a range is split into. */
export interface SplitRange {
  readonly upper: Bound;
  /** 16 bytes. */
  readonly fingerprint: Uint8Array;
}

/** Ranks that cut [begin, end) into 16 parts, the first of which hold one item more where it is uneven. */
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

/** The shortest bound between the keys at `rank - 1` and `rank`. */
function boundAt(snapshot: Snapshot, rank: number): Bound {
  return shortestBound(snapshot.select(rank - 1), snapshot.select(rank));
}

/** The shortest bound above `left` that is not above `right`, two neighbours. */
export function shortestBound(left: ItemKey, right: ItemKey): Bound {
  if (left.hint !== right.hint) return { hint: right.hint, id: null };
  let shared = 0;
  while (shared < ID_BYTES && left.id[shared] === right.id[shared]) shared++;
  return { hint: right.hint, id: right.id.subarray(0, shared + 1) };
}
