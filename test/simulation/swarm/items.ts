import { bytesToKey, itemId } from '../../../src/store/index.ts';
import { QuickRandom } from '../../support/quick-random.ts';
import type { PlannedItem } from './plan.ts';

export interface GenuineItem {
  readonly hint: bigint;
  readonly payload: Uint8Array;
  readonly id: Uint8Array;
}

/** Every item that a client made: any other is forged. */
export class Items {
  readonly #seed: string;
  readonly #byNumber = new Map<number, GenuineItem>();
  readonly #byKey = new Map<string, GenuineItem>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** The item, made by the clock `now` if it is new. */
  make({ number, agedMs, bytes }: PlannedItem, now: number): GenuineItem {
    const known = this.#byNumber.get(number);
    if (known !== undefined) return known;
    const hint = BigInt(now - agedMs);
    const payload = new QuickRandom(`item ${this.#seed} ${number}`).bytes(bytes);
    const item = { hint, payload, id: itemId(hint, payload) };
    this.#byNumber.set(number, item);
    this.#byKey.set(bytesToKey(item.id), item);
    return item;
  }

  get(key: string): GenuineItem | undefined {
    return this.#byKey.get(key);
  }

  /** The number of an item in the plan. */
  name(key: string): string {
    for (const [number, { id }] of this.#byNumber) if (bytesToKey(id) === key) return `${number}`;
    return 'without a name';
  }
}
