import { equalBytes } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import type { FingerprintScheme } from '../fingerprint/index.ts';
import type { IdView } from '../id-index.ts';
import { type Bound, ID_BYTES, type ItemKey } from '../item.ts';
import type { Snapshot } from '../storage.ts';
import type { Root } from './edit.ts';

/** A root that writers no longer touch: taking one costs nothing, whatever the size of the set. */
export class VectorSnapshot implements Snapshot {
  readonly scheme: FingerprintScheme;
  readonly size: number;
  #root: Root | null;
  #ids: IdView | null;

  constructor(scheme: FingerprintScheme, root: Root, ids: IdView) {
    this.scheme = scheme;
    this.size = root.size;
    this.#root = root;
    this.#ids = ids;
  }

  select(rank: number): ItemKey {
    const root = this.#use();
    if (Number.isInteger(rank) && rank >= 0 && rank < this.size) return root.select(rank);
    throw new StoreError(
      'RANK_OUT_OF_RANGE',
      `there is no rank ${rank}: the set has ${this.size} items, ranks start at 0`,
    );
  }

  lowerBound(bound: Bound): number {
    return this.#use().lowerBound(bound);
  }

  keys(begin: number, end: number): Iterable<ItemKey> {
    return this.#range(begin, end).keys(begin, end);
  }

  ids(begin: number, end: number): Uint8Array {
    const root = this.#range(begin, end);
    const ids = new Uint8Array((end - begin) * ID_BYTES);
    root.copyIds(begin, end, ids, 0);
    return ids;
  }

  idRuns(begin: number, end: number): Iterable<Uint8Array> {
    return this.#range(begin, end).idRuns(begin, end);
  }

  fingerprint(begin: number, end: number): Uint8Array {
    const root = this.#range(begin, end);
    if (begin === 0 && end === this.size) return root.sum();
    const state = this.scheme.empty();
    root.tally(state, begin, end, 1);
    return state;
  }

  contains(id: Uint8Array): boolean {
    const root = this.#use();
    for (const hint of this.#ids!.candidates(id)) {
      if (holds(root, { hint, id })) return true;
    }
    return false;
  }

  release(): void {
    this.#root = null;
    this.#ids = null;
  }

  #range(begin: number, end: number): Root {
    const root = this.#use();
    const whole = Number.isInteger(begin) && Number.isInteger(end);
    if (whole && begin >= 0 && begin <= end && end <= this.size) return root;
    throw new StoreError(
      'RANK_OUT_OF_RANGE',
      `[${begin}, ${end}) is no range of ranks: give 0 <= begin <= end <= ${this.size}`,
    );
  }

  #use(): Root {
    if (this.#root !== null) return this.#root;
    throw new StoreError('SNAPSHOT_RELEASED', 'this snapshot was released: take a new one');
  }
}

function holds(root: Root, key: ItemKey): boolean {
  const rank = root.lowerBound(key);
  if (rank === root.size) return false;
  const found = root.select(rank);
  return found.hint === key.hint && equalBytes(found.id, key.id);
}
