import type { FingerprintScheme } from '../fingerprint/index.ts';
import type { IdView } from '../id-index.ts';
import { type Bound, ID_BYTES, type ItemKey } from '../item.ts';
import { checkRange, checkRank, holdsKey, releasedError } from '../ranks.ts';
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
    checkRank(this, rank);
    return root.select(rank);
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
    for (const hint of this.#ids!.candidates(id)) if (holdsKey(root, { hint, id })) return true;
    return false;
  }

  release(): void {
    this.#root = null;
    this.#ids = null;
  }

  #range(begin: number, end: number): Root {
    const root = this.#use();
    checkRange(this, begin, end);
    return root;
  }

  #use(): Root {
    if (this.#root !== null) return this.#root;
    throw releasedError();
  }
}
