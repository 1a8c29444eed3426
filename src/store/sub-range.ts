import type { Bytes } from './bytes.ts';
import { StoreError } from './errors.ts';
import type { FingerprintScheme } from './fingerprint/index.ts';
import { type Bound, compareBounds, type HeldKey, isBound } from './item.ts';
import { checkCuts, checkRange, checkRank, idRunsOf } from './ranks.ts';
import { fingerprintsBetween, lackingIn, type Snapshot } from './storage.ts';

/**
 * The keys of `snapshot` in [lower, upper). Ranks count from the first key inside. `contains` still
 * answers for the whole set, because held items must not be asked for again. Releasing the view releases
 * the snapshot. Throws `INVALID_BOUND` unless lower <= upper.
 */
export function subRange(snapshot: Snapshot, lower: Bound, upper: Bound): Snapshot {
  if (!isBound(lower) || !isBound(upper) || compareBounds(lower, upper) > 0) {
    throw new StoreError(
      'INVALID_BOUND',
      'a sub-range needs two bounds, { hint, id }: the lower first, then the upper',
    );
  }
  return new SubRange(snapshot, snapshot.lowerBound(lower), snapshot.lowerBound(upper));
}

class SubRange implements Snapshot {
  readonly size: number;
  readonly #snapshot: Snapshot;
  readonly #begin: number;

  constructor(snapshot: Snapshot, begin: number, end: number) {
    this.size = end - begin;
    this.#snapshot = snapshot;
    this.#begin = begin;
  }

  get scheme(): FingerprintScheme {
    return this.#snapshot.scheme;
  }

  select(rank: number): HeldKey {
    checkRank(this, rank);
    return this.#snapshot.select(this.#begin + rank);
  }

  lowerBound(bound: Bound): number {
    const rank = this.#snapshot.lowerBound(bound) - this.#begin;
    return Math.min(Math.max(0, rank), this.size);
  }

  keys(begin: number, end: number): Iterable<HeldKey> {
    return this.#snapshot.keys(...this.#within(begin, end));
  }

  ids(begin: number, end: number): Bytes {
    return this.#snapshot.ids(...this.#within(begin, end));
  }

  idRuns(begin: number, end: number): Iterable<Bytes> {
    return idRunsOf(this.#snapshot, ...this.#within(begin, end));
  }

  fingerprint(begin: number, end: number): Uint8Array {
    return this.#snapshot.fingerprint(...this.#within(begin, end));
  }

  fingerprints(cuts: readonly number[]): Uint8Array[] {
    checkCuts(this, cuts);
    return fingerprintsBetween(
      this.#snapshot,
      cuts.map((cut) => this.#begin + cut),
    );
  }

  edgeNear(rank: number): number {
    const [at] = this.#within(rank, rank);
    const edge = this.#snapshot.edgeNear?.(at) ?? at;
    return Math.min(Math.max(0, edge - this.#begin), this.size);
  }

  contains(id: Uint8Array): boolean {
    return this.#snapshot.contains(id);
  }

  lacking<Id extends Uint8Array>(ids: readonly Id[]): readonly Id[] {
    return lackingIn(this.#snapshot, ids);
  }

  release(): void {
    this.#snapshot.release();
  }

  #within(begin: number, end: number): [number, number] {
    checkRange(this, begin, end);
    return [this.#begin + begin, this.#begin + end];
  }
}
