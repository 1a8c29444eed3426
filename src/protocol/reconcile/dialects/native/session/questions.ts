import { equalBytes } from '../../../../../store/index.ts';
import type { Interval } from '../../../dialect.ts';
import { FINGERPRINT_COST, LOOKUP_COST } from '../../shared/index.ts';
import { CUT_DIGEST_BYTES, PLAIN_ITEMS } from '../constants.ts';
import { type Context, locate } from '../context.ts';
import type { PeerGroup } from '../groups/index.ts';
import { type Cluster, inCluster, type RankedRange } from '../work.ts';

/** A range of the peer that we answer. */
export interface AskedRange extends Interval {
  /** Items of the peer there; null where unknown. */
  readonly theirs: number | null;
  /** `theirs` is the even share of a cut, and the digest is short. */
  readonly rough?: boolean;
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
  /** The least possible number of differences where it differs. */
  readonly least: number;
}

/** Compares a range with ours: counts first, for reading costs most. */
export function compare(context: Context, asked: AskedRange): Compared {
  const range = locate(context, asked);
  context.meter.spend(2 * LOOKUP_COST);
  const { theirs, digest, rough = false } = asked;
  const { begin, end } = range;
  const apart = theirs === null || rough ? 0 : Math.abs(end - begin - theirs);
  const same =
    digest !== null &&
    apart === 0 &&
    equalBytes((rough ? cutDigest : rangeDigest)(context, begin, end), digest);
  const least = Math.max(1, apart);
  return { ...range, ...inCluster(asked.cluster), theirs, differs: !same, least };
}

/**
 * The parts of a cut, compared. Their counts are unknown: the difference of the counts of the whole is
 * the least that differs in all parts together.
 */
export function shareLeast(
  asked: readonly AskedRange[],
  compared: readonly Compared[],
): readonly Compared[] {
  if (asked[0]?.rough !== true) return compared;
  const apart = compared.reduce((sum, { begin, end, theirs }) => sum + end - begin - theirs!, 0);
  const differing = compared.filter(({ differs }) => differs).length;
  const least = Math.max(1, Math.floor(Math.abs(apart) / Math.max(1, differing)));
  return compared.map((range) => ({ ...range, least }));
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

/** The digest of a part of a cut: always from its state. */
export function cutDigest(
  { snapshot, key, meter }: Context,
  begin: number,
  end: number,
): Uint8Array {
  meter.spend(FINGERPRINT_COST);
  return key.sumDigest(snapshot.fingerprint(begin, end), end - begin).subarray(0, CUT_DIGEST_BYTES);
}
