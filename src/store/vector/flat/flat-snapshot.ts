import { StoreError } from '../../errors.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { sum256 } from '../../fingerprint/index.ts';
import type { Bound, ItemKey } from '../../item.ts';
import type { Snapshot } from '../../storage.ts';
import { idsOf, keyAt, searchBound } from '../../tree/index.ts';
import type { FlatSet } from './flat-set.ts';

/** A sealed vector, for one reader. */
export class FlatSnapshot implements Snapshot {
  readonly scheme: FingerprintScheme = sum256;
  readonly size: number;
  #set: FlatSet | null;

  constructor(set: FlatSet) {
    this.size = set.run.length;
    this.#set = set;
  }

  select(rank: number): ItemKey {
    const { run } = this.#use();
    if (Number.isInteger(rank) && rank >= 0 && rank < this.size) return keyAt(run, rank);
    throw new StoreError(
      'RANK_OUT_OF_RANGE',
      `there is no rank ${rank}: the set has ${this.size} items, ranks start at 0`,
    );
  }

  lowerBound(bound: Bound): number {
    return searchBound(this.#use().run, bound);
  }

  keys(begin: number, end: number): Iterable<ItemKey> {
    return this.#keys(this.#range(begin, end), begin, end);
  }

  ids(begin: number, end: number): Uint8Array {
    return idsOf(this.#range(begin, end).run, begin, end).slice();
  }

  fingerprint(begin: number, end: number): Uint8Array {
    return this.#range(begin, end).sums.between(begin, end);
  }

  fingerprints(cuts: readonly number[]): Uint8Array[] {
    for (let i = 1; i < cuts.length; i++) this.#range(cuts[i - 1]!, cuts[i]!);
    return this.#use().sums.betweenAll(cuts);
  }

  contains(id: Uint8Array): boolean {
    return this.lacking([id]).length === 0;
  }

  lacking(ids: readonly Uint8Array[]): Uint8Array[] {
    return this.#use().lookup.lacking(ids);
  }

  release(): void {
    this.#set = null;
  }

  *#keys({ run }: FlatSet, begin: number, end: number): Iterable<ItemKey> {
    for (let at = begin; at < end; at++) yield keyAt(run, at);
  }

  #range(begin: number, end: number): FlatSet {
    const set = this.#use();
    const whole = Number.isInteger(begin) && Number.isInteger(end);
    if (whole && begin >= 0 && begin <= end && end <= this.size) return set;
    throw new StoreError(
      'RANK_OUT_OF_RANGE',
      `[${begin}, ${end}) is no range of ranks: give 0 <= begin <= end <= ${this.size}`,
    );
  }

  #use(): FlatSet {
    if (this.#set !== null) return this.#set;
    throw new StoreError('SNAPSHOT_RELEASED', 'this snapshot was released: take a new one');
  }
}
