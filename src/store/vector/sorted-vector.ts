import type { FingerprintScheme } from '../fingerprint/index.ts';
import { IdIndex } from '../id-index.ts';
import type { ItemKey } from '../item.ts';
import type { Snapshot, Storage } from '../storage.ts';
import { Branch } from './branch.ts';
import { insertKeys, type Root, removeKeys } from './edit.ts';
import type { Shape } from './part.ts';
import { VectorSnapshot } from './snapshot.ts';

export interface SortedVectorInit {
  scheme: FingerprintScheme;
  /**
   * Items in one chunk at the most, at least 2. Each chunk keeps one sum. Raising it saves memory
   * (an LtHash sum is 2 KiB); lowering it makes the fingerprint of a range cheaper, which expands up
   * to half a chunk at each of its ends.
   * @default 64
   */
  chunkItems?: number;
  /**
   * Chunks in one group at the most, at least 2; each group keeps one sum too. The fingerprint of a
   * range adds up to half a group of chunk sums at each end, and the sums of all groups between.
   * @default 64
   */
  groupChunks?: number;
}

/**
 * An item set in memory: keys in order, in immutable chunks whose sums are computed once and shared
 * by every snapshot. A write copies the chunks it touches and the path to them.
 */
export class SortedVector implements Storage {
  readonly #shape: Shape;
  readonly #index = new IdIndex();
  #root: Root;

  constructor(init: SortedVectorInit) {
    const { scheme, chunkItems = 64, groupChunks = 64 } = init;
    for (const limit of [chunkItems, groupChunks]) {
      if (!Number.isInteger(limit) || limit < 2) {
        throw new RangeError(
          `chunkItems and groupChunks are whole numbers from 2 up, not ${limit}`,
        );
      }
    }
    this.#shape = { scheme, chunkItems, groupChunks };
    this.#root = new Branch(this.#shape, []);
  }

  get scheme(): FingerprintScheme {
    return this.#shape.scheme;
  }

  get size(): number {
    return this.#root.size;
  }

  insert(keys: readonly ItemKey[]): ItemKey[] {
    const added = this.#index.addAll(keys);
    this.#root = insertKeys(this.#shape, this.#root, added);
    return added;
  }

  remove(ids: readonly Uint8Array[]): number {
    const removed = this.#index.removeAll(ids);
    this.#root = removeKeys(this.#shape, this.#root, removed);
    return removed.length;
  }

  contains(id: Uint8Array): boolean {
    return this.#index.get(id) !== undefined;
  }

  snapshot(): Snapshot {
    return new VectorSnapshot(this.scheme, this.#root, this.#index.view());
  }
}
