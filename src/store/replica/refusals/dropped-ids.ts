import { bytesToKey } from '../../bytes.ts';
import type { ItemKey } from '../../item.ts';

/** An item that was dropped and is let in again, and its place in the order of arrival, or 0. */
export interface Dropped {
  readonly id: Uint8Array;
  readonly supposed: number;
}

/** Ids of items that were dropped and are let in again, until they come back. */
export class DroppedIds {
  /** Places by `bytesToKey` of the ids. */
  readonly #places = new Map<string, number>();

  has(id: Uint8Array): boolean {
    return this.#places.size > 0 && this.#places.has(bytesToKey(id));
  }

  among(items: readonly Pick<ItemKey, 'id'>[]): Dropped[] {
    if (this.#places.size === 0) return [];
    return items.flatMap(({ id }) => {
      const supposed = this.#places.get(bytesToKey(id));
      return supposed === undefined ? [] : [{ id, supposed }];
    });
  }

  note(id: Uint8Array, seq: number): void {
    this.#places.set(bytesToKey(id), seq);
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
