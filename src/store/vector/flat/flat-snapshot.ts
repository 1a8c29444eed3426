import type { Bytes } from '../../bytes.ts';
import { type FingerprintScheme, sum256 } from '../../fingerprint/index.ts';
import { type Bound, checkId, type HeldKey } from '../../item.ts';
import { checkCuts, checkRange, checkRank, releasedError } from '../../ranks.ts';
import type { Snapshot } from '../../storage.ts';
import { idsOf, type KeyRun, keyAt, searchBound } from '../../tree/index.ts';
import type { RunIdLookup } from './id-lookup.ts';
import type { PrefixSums } from './sums.ts';

/** The parts of a sealed vector; they never change. */
export interface FlatSet {
  readonly run: KeyRun;
  readonly sums: PrefixSums;
  readonly lookup: RunIdLookup;
}

/** A sealed vector, for one reader. */
export class FlatSnapshot implements Snapshot {
  readonly scheme: FingerprintScheme = sum256;
  readonly size: number;
  #set: FlatSet | null;

  constructor(set: FlatSet) {
    this.size = set.run.length;
    this.#set = set;
  }

  select(rank: number): HeldKey {
    const { run } = this.#use();
    checkRank(this, rank);
    return keyAt(run, rank);
  }

  lowerBound(bound: Bound): number {
    return searchBound(this.#use().run, bound);
  }

  keys(begin: number, end: number): Iterable<HeldKey> {
    return this.#keys(this.#range(begin, end), begin, end);
  }

  ids(begin: number, end: number): Bytes {
    return idsOf(this.#range(begin, end).run, begin, end).slice();
  }

  fingerprint(begin: number, end: number): Uint8Array {
    return this.#range(begin, end).sums.between(begin, end);
  }

  fingerprints(cuts: readonly number[]): Uint8Array[] {
    const { sums } = this.#use();
    checkCuts(this, cuts);
    return sums.betweenAll(cuts);
  }

  contains(id: Uint8Array): boolean {
    checkId(id);
    return this.lacking([id]).length === 0;
  }

  lacking<Id extends Uint8Array>(ids: readonly Id[]): Id[] {
    return this.#use().lookup.lacking(ids);
  }

  release(): void {
    this.#set = null;
  }

  *#keys({ run }: FlatSet, begin: number, end: number): Iterable<HeldKey> {
    for (let at = begin; at < end; at++) yield keyAt(run, at);
  }

  #range(begin: number, end: number): FlatSet {
    const set = this.#use();
    checkRange(this, begin, end);
    return set;
  }

  #use(): FlatSet {
    if (this.#set !== null) return this.#set;
    throw releasedError();
  }
}
