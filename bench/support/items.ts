import { randomFillSync } from 'node:crypto';
import type { NewItem } from '../../src/store/index.ts';

export const ORDERS = ['increasing', 'jittered', 'random'] as const;
export type Order = (typeof ORDERS)[number];

const PAYLOAD_BYTES = 200;
const START = 1_700_000_000_000;
const YEAR_MS = 365 * 86_400_000;
const JITTER_MS = 1_000;

/** Items a millisecond apart in the order wanted; payloads that do not compress. */
export class ItemSource {
  readonly #order: Order;
  readonly #payloadBytes: number;
  #made = 0;

  constructor(order: Order, payloadBytes: number = PAYLOAD_BYTES) {
    this.#order = order;
    this.#payloadBytes = payloadBytes;
  }

  next(count: number): NewItem[] {
    // One call for all of them: drawn one by one they would cost more than they do in LevelDB.
    const length = this.#payloadBytes;
    const bytes = randomFillSync(new Uint8Array(count * length));
    return Array.from({ length: count }, (_, i) => ({
      hint: this.#hint(this.#made++),
      payload: bytes.slice(i * length, (i + 1) * length),
    }));
  }

  #hint(number: number): bigint {
    if (this.#order === 'random') return BigInt(START + Math.floor(Math.random() * YEAR_MS));
    const jitter = this.#order === 'jittered' ? (2 * Math.random() - 1) * JITTER_MS : 0;
    return BigInt(Math.floor(START + number + jitter));
  }
}

/**
 * Gives `put` batches until it has had `count` items, `callers` of them under way at a time; how many
 * items a second that makes.
 */
export async function ingest(
  source: ItemSource,
  { count, batch, callers }: { count: number; batch: number; callers: number },
  put: (items: NewItem[]) => Promise<unknown>,
): Promise<number> {
  let left = count;
  const start = performance.now();
  const caller = async (): Promise<void> => {
    while (left > 0) {
      const size = Math.min(batch, left);
      left -= size;
      await put(source.next(size));
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (1_000 * count) / (performance.now() - start);
}
