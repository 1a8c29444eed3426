import { bytesToKey, keyToBytes } from '../../bytes.ts';
import type { ItemKey } from '../../item.ts';

/** An item that was dropped and is let in again, and its place in the order of arrival, or 0. */
export interface Dropped {
  readonly id: Uint8Array;
  readonly supposed: number;
}

/** The place that an item had, and its hint where that is known. */
export interface DroppedPlace {
  readonly seq: number;
  readonly hint: bigint | null;
}

/** Ids of items that were dropped and are let in again, until they come back. */
export class DroppedIds {
  /** By `bytesToKey` of the ids. */
  readonly #places = new Map<string, DroppedPlace>();

  get size(): number {
    return this.#places.size;
  }

  has(id: Uint8Array): boolean {
    return this.#places.size > 0 && this.#places.has(bytesToKey(id));
  }

  among(items: readonly Pick<ItemKey, 'id'>[]): Dropped[] {
    if (this.#places.size === 0) return [];
    return items.flatMap(({ id }) => {
      const place = this.#places.get(bytesToKey(id));
      return place === undefined ? [] : [{ id, supposed: place.seq }];
    });
  }

  note(id: Uint8Array, place: DroppedPlace): void {
    this.#places.set(bytesToKey(id), place);
  }

  /** Those with lower hints: they cannot come back below the floor. */
  below(floor: bigint): Uint8Array[] {
    const old: Uint8Array[] = [];
    for (const [key, { hint }] of this.#places) {
      if (hint !== null && hint < floor) old.push(keyToBytes(key));
    }
    return old;
  }

  /** Items are held again, or refused again. */
  returned(items: readonly Pick<ItemKey, 'id'>[]): void {
    if (this.#places.size === 0) return;
    for (const { id } of items) this.#places.delete(bytesToKey(id));
  }

  clear(): void {
    this.#places.clear();
  }
}
