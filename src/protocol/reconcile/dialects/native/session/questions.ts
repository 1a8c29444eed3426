import { equalBytes } from '../../../../../store/index.ts';
import type { Interval } from '../../../dialect.ts';
import { FINGERPRINT_COST, LOOKUP_COST } from '../../shared/index.ts';
import { PLAIN_ITEMS } from '../constants.ts';
import { type Context, locate } from '../context.ts';
import type { PeerGroup } from '../groups/index.ts';
import { type Cluster, inCluster, type RankedRange } from '../work.ts';

/** A range of the peer that we answer. */
export interface AskedRange extends Interval {
  /** Items of the peer there; null where unknown. */
  readonly theirs: number | null;
  /** Null where the range is known to differ. */
  readonly digest: Uint8Array | null;
  readonly cluster?: Cluster;
}

/** Ranges that arrived together, or a group that could not be decoded. */
export type Question =
  | { readonly kind: 'compare'; readonly ranges: readonly AskedRange[] }
  | { readonly kind: 'full' | 'same'; readonly ranges: readonly AskedRange[] }
  | { readonly kind: 'retry'; readonly group: PeerGroup };

/** An asked range after the comparison. */
export interface Compared extends RankedRange {
  readonly theirs: number | null;
  readonly differs: boolean;
}

/** Compares a range with ours: counts first, for reading costs most. */
export function compare(context: Context, asked: AskedRange): Compared {
  const range = locate(context, asked);
  context.meter.spend(2 * LOOKUP_COST);
  const { theirs, digest } = asked;
  const same =
    digest !== null &&
    theirs === range.end - range.begin &&
    equalBytes(rangeDigest(context, range.begin, range.end), digest);
  return { ...range, ...inCluster(asked.cluster), theirs, differs: !same };
}

/** The keyed digest of [begin, end): from the ids of few items, or from the state of many. */
export function rangeDigest(
  { snapshot, key, meter }: Context,
  begin: number,
  end: number,
): Uint8Array {
  const count = end - begin;
  if (count <= PLAIN_ITEMS) {
    meter.spend(count);
    return key.plainDigest(snapshot.ids(begin, end));
  }
  meter.spend(FINGERPRINT_COST);
  return key.sumDigest(snapshot.fingerprint(begin, end), count);
}
