import { randomFillSync } from 'node:crypto';
import type { NewItem } from '../../src/store/index.ts';

export interface Sizes {
  /** Items of 200 bytes. */
  readonly small: number;
  /** Items of 1 MiB. */
  readonly large: number;
}

const SMALL_BYTES = 200;
const LARGE_BYTES = 1024 * 1024;
const START = 1_700_000_000_000;

export function needed({ small, large }: Sizes): { items: number; bytes: number } {
  return { items: small + large, bytes: small * SMALL_BYTES + large * LARGE_BYTES };
}

/** Batches of items with payloads that do not compress, the large ones scattered among the others. */
export function* batches({ small, large }: Sizes, perBatch = 256): Generator<NewItem[]> {
  const every = Math.max(1, Math.floor(small / Math.max(1, large)));
  let batch: NewItem[] = [];
  let made = 0;
  let madeLarge = 0;
  const add = (bytes: number): void => {
    batch.push({ hint: BigInt(START + made++), payload: randomFillSync(new Uint8Array(bytes)) });
  };
  for (let i = 0; i < small; i++) {
    add(SMALL_BYTES);
    if (i % every === 0 && madeLarge < large) {
      madeLarge++;
      add(LARGE_BYTES);
    }
    if (batch.length < perBatch) continue;
    yield batch;
    batch = [];
  }
  for (; madeLarge < large; madeLarge++) add(LARGE_BYTES);
  if (batch.length > 0) yield batch;
}
