import type { Bytes } from './bytes.ts';
import type { FingerprintScheme } from './fingerprint/index.ts';
import type { Bound, HeldKey, ItemKey } from './item.ts';

/**
 * A consistent, immutable view of an item set in key order. Ranks are 0-based positions in that
 * order; ranges of ranks are half open, [begin, end). Every method throws `StoreError`
 * `RANK_OUT_OF_RANGE` unless 0 <= begin <= end <= size.
 */
export interface Snapshot {
  readonly scheme: FingerprintScheme;
  readonly size: number;
  /** The key at `rank`, 0 <= rank < size. */
  select(rank: number): HeldKey;
  /** Rank of the first key at or above `bound`; `size` when there is none. */
  lowerBound(bound: Bound): number;
  /** The keys of [begin, end), in order. */
  keys(begin: number, end: number): Iterable<HeldKey>;
  /** The ids of [begin, end), in order, 32 bytes each, concatenated; a fresh array. */
  ids(begin: number, end: number): Bytes;
  /** The same ids in one or more arrays, without a copy: not to be written to. */
  idRuns?(begin: number, end: number): Iterable<Bytes>;
  /** The scheme's state of [begin, end); fresh, or shared and not to be written to. */
  fingerprint(begin: number, end: number): Uint8Array;
  /** The states between each two neighbours of `cuts`, ascending ranks, in one pass. */
  fingerprints?(cuts: readonly number[]): Uint8Array[];
  /** The nearest rank at which a cut costs no sums. Absent where every rank costs the same. */
  edgeNear?(rank: number): number;
  /** Whether the whole set holds `id`, under any hint. */
  contains(id: Uint8Array): boolean;
  /** Those of `ids` that the whole set does not hold, in their order: faster than one by one. */
  lacking?<Id extends Uint8Array>(ids: readonly Id[]): readonly Id[];
  /**
   * Gets ready for questions, in steps of some milliseconds; without it the first fingerprint takes as long.
   * Absent where there is nothing to get ready.
   */
  prepare?(): Iterable<void>;
  /** Says that the snapshot is no longer needed. Idempotent; using it afterwards is an error. */
  release(): void;
}

/** A set that can be changed. Identity is the id alone: an id that is there is not added again. */
export interface Storage {
  readonly scheme: FingerprintScheme;
  readonly size: number;
  /** Adds keys in any order; returns those that were new, each once, in key order. */
  insert(keys: readonly ItemKey[]): ItemKey[];
  /** Removes ids; returns how many were there. */
  remove(ids: readonly Uint8Array[]): number;
  contains(id: Uint8Array): boolean;
  /** A view of the set as it is now, unchanged by later writes. */
  snapshot(): Snapshot;
}

/** `Snapshot.fingerprints`, range by range where a storage has no faster way. */
export function fingerprintsBetween(snapshot: Snapshot, cuts: readonly number[]): Uint8Array[] {
  if (snapshot.fingerprints !== undefined) return snapshot.fingerprints(cuts);
  return cuts.slice(1).map((end, i) => snapshot.fingerprint(cuts[i]!, end));
}

/** `Snapshot.lacking`, id by id where a storage has no faster way. */
export function lackingIn<Id extends Uint8Array>(
  snapshot: Snapshot,
  ids: readonly Id[],
): readonly Id[] {
  if (ids.length === 0) return ids;
  if (snapshot.lacking !== undefined) return snapshot.lacking(ids);
  return ids.filter((id) => !snapshot.contains(id));
}
