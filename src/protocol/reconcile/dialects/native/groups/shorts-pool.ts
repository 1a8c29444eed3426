import { getOrMake } from '../../../../get-or-make.ts';
import type { Shorts } from './peel.ts';

/** Bytes of memory kept at most. */
const KEPT_BYTES = 8 * 1024 * 1024;
/** Smaller pieces of memory cost next to nothing. */
const LEAST_BYTES = 4_096;

/** Memory of groups that have ended: to use it again costs less than fresh memory, which has to be cleared. */
export class ShortsPool {
  /** Free memory by its size, a power of two. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  #bytes = 0;

  /** Memory for so many short ids; its content is undefined. */
  take(items: number): Shorts {
    const bytes = sizeFor(items);
    const buffer = this.#free.get(bytes)?.pop();
    if (buffer !== undefined) this.#bytes -= bytes;
    return new Uint32Array(buffer ?? new ArrayBuffer(bytes), 0, 2 * items);
  }

  /** Takes back what `take` gave, and is not used any more. */
  give({ buffer }: Shorts): void {
    const bytes = buffer.byteLength;
    if (bytes < LEAST_BYTES || this.#bytes + bytes > KEPT_BYTES) return;
    this.#bytes += bytes;
    getOrMake(this.#free, bytes, () => []).push(buffer as ArrayBuffer);
  }
}

function sizeFor(items: number): number {
  return 8 * 2 ** Math.ceil(Math.log2(Math.max(1, items)));
}
