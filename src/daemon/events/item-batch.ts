import { ID_BYTES, type ItemKey, readU64BE, writeU64BE } from '../../store/index.ts';
import type { ToldEvent } from './types.ts';

const HINT_BYTES = 8;
const RECORD_BYTES = HINT_BYTES + ID_BYTES;

export interface ItemBatchInit {
  /** The number of the first event. */
  readonly first: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The events of items that came together, as bytes: objects for each item of a large commit would fill the heap, and
 * hardly a reader comes for them. The keys are copied, so that the events do not keep the memory of a commit.
 */
export class ItemBatch {
  readonly #init: ItemBatchInit;
  readonly #records: Uint8Array;

  constructor(init: ItemBatchInit, items: readonly ItemKey[]) {
    this.#init = init;
    this.#records = new Uint8Array(items.length * RECORD_BYTES);
    let offset = 0;
    for (const { hint, id } of items) {
      writeU64BE(this.#records, offset, hint);
      this.#records.set(id, offset + HINT_BYTES);
      offset += RECORD_BYTES;
    }
  }

  /** The event of this number; undefined if it is another's. */
  told(number: number): ToldEvent | undefined {
    const { first, at } = this.#init;
    const offset = (number - first) * RECORD_BYTES;
    if (offset < 0 || offset >= this.#records.length) return undefined;
    const hint = readU64BE(this.#records, offset);
    const id = this.#records.slice(offset + HINT_BYTES, offset + RECORD_BYTES);
    return { number, at, event: { type: 'item', hint, id } };
  }
}
