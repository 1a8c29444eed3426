import {
  type Bound,
  type Bytes,
  compareBounds,
  ID_BYTES,
  type ItemKey,
} from '../../../store/index.ts';
import type { Interval, RecentKeys } from '../dialect.ts';
import { EVERYTHING, sameInterval } from '../interval.ts';

/** Keys that are kept, and forgotten, together. */
export const CHUNK_KEYS = 1_024;

/** Keys in the order in which they came. Those written stay as they are. */
interface Chunk {
  readonly hints: BigUint64Array;
  readonly ids: Bytes;
}

/** The last keys of a set, by places from 0 on. */
export class KeyLog {
  readonly #maxKeys: number;
  readonly #chunks: Chunk[] = [];
  /** The first place that is kept. */
  begin = 0;
  /** The place of the next key. */
  end = 0;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  add(keys: readonly ItemKey[]): void {
    for (const { hint, id } of keys) {
      const at = this.end % CHUNK_KEYS;
      if (at === 0) this.#begin();
      const { hints, ids } = this.#chunks.at(-1)!;
      hints[at] = hint;
      ids.set(id, at * ID_BYTES);
      this.end++;
    }
  }

  /** The keys of [from, to). They stay, also where the log forgets them. */
  run(from: number, to: number): RecentKeys {
    const first = Math.floor((from - this.begin) / CHUNK_KEYS);
    const last = Math.ceil((to - this.begin) / CHUNK_KEYS);
    const chunks = this.#chunks.slice(first, last);
    const skipped = (from - this.begin) % CHUNK_KEYS;
    return new RecentRun(chunks, skipped, to - from);
  }

  #begin(): void {
    this.#chunks.push({
      hints: new BigUint64Array(CHUNK_KEYS),
      ids: new Uint8Array(CHUNK_KEYS * ID_BYTES),
    });
    if (this.#chunks.length * CHUNK_KEYS <= Math.max(CHUNK_KEYS, this.#maxKeys)) return;
    this.#chunks.shift();
    this.begin += CHUNK_KEYS;
  }
}

class RecentRun implements RecentKeys {
  readonly #chunks: readonly Chunk[];
  readonly #skipped: number;
  readonly length: number;

  constructor(chunks: readonly Chunk[], skipped: number, length: number) {
    this.#chunks = chunks;
    this.#skipped = skipped;
    this.length = length;
  }

  *ids(interval: Interval): Iterable<Bytes> {
    let left = this.length;
    let from = this.#skipped;
    for (const { hints, ids } of this.#chunks) {
      const to = Math.min(CHUNK_KEYS, from + left);
      const some = ids.subarray(from * ID_BYTES, to * ID_BYTES);
      yield sameInterval(interval, EVERYTHING)
        ? some
        : within(interval, hints.subarray(from, to), some);
      left -= to - from;
      from = 0;
    }
  }
}

function within({ lower, upper }: Interval, hints: BigUint64Array, ids: Bytes): Bytes {
  const kept = new Uint8Array(ids.length);
  let end = 0;
  for (const [at, hint] of hints.entries()) {
    const id = ids.subarray(at * ID_BYTES, (at + 1) * ID_BYTES);
    const key: Bound = { hint, id };
    if (compareBounds(key, lower) < 0 || compareBounds(key, upper) >= 0) continue;
    kept.set(id, end);
    end += ID_BYTES;
  }
  return kept.subarray(0, end);
}
