import type { Bytes } from '../../bytes.ts';
import { checkInit } from '../../checks.ts';
import { StoreError } from '../../errors.ts';
import { checkKey, ID_BYTES } from '../../item.ts';
import { copyKeys, type KeyRun, newRun } from '../../tree/index.ts';

export interface BlocksInit {
  /**
   * Keys of one block: a power of two. Raising it saves allocations; lowering it takes less for few
   * keys.
   * @default 8_192
   */
  blockKeys?: number;
}

const BLOCK_KEYS = 8_192;

export const ID_WORDS: number = ID_BYTES / 4;

export interface Block extends KeyRun {
  /** The ids, `ID_WORDS` each. */
  readonly words: Uint32Array;
}

/** Keys in order of arrival, in blocks of equal size, so that growing copies nothing. */
export class Blocks {
  readonly #blockKeys: number;
  readonly #bits: number;
  readonly #blocks: Block[] = [];
  #hints: BigUint64Array = new BigUint64Array(0);
  #ids: Bytes = new Uint8Array(0);
  #length = 0;
  #lastHint = -1n;
  #ascending = true;

  /** Throws `INVALID_INIT`, or `INVALID_SIZE` unless blocks hold a power of two. */
  constructor(init: BlocksInit = {}) {
    checkInit('a FlatVector', init);
    const { blockKeys = BLOCK_KEYS } = init;
    this.#blockKeys = blockKeys;
    this.#bits = typeof blockKeys === 'number' ? Math.log2(blockKeys) : Number.NaN;
    if (Number.isInteger(this.#bits) && this.#bits >= 0 && this.#bits < 31) return;
    throw new StoreError('INVALID_SIZE', `blockKeys is a power of two, not ${String(blockKeys)}`);
  }

  get length(): number {
    return this.#length;
  }

  /** Whether each hint is above the one before it. */
  get ascending(): boolean {
    return this.#ascending;
  }

  /** Throws `INVALID_HINT` or `INVALID_ID`. */
  push(hint: bigint, id: Uint8Array): void {
    checkKey({ hint, id });
    const at = this.offsetOf(this.#length);
    if (at === 0) this.#grow();
    this.#hints[at] = hint;
    this.#ids.set(id, at * ID_BYTES);
    if (hint <= this.#lastHint) this.#ascending = false;
    this.#lastHint = hint;
    this.#length++;
  }

  /** The block of a position, in which it stands at `offsetOf`. */
  of(position: number): Block {
    return this.#blocks[position >>> this.#bits]!;
  }

  /** Where a position stands in its block. */
  offsetOf(position: number): number {
    return position & (this.#blockKeys - 1);
  }

  /** All keys in one run. */
  concat(): KeyRun {
    const run = newRun(this.#length);
    for (let at = 0; at < this.#length; at += this.#blockKeys) {
      copyKeys(this.of(at), 0, Math.min(this.#blockKeys, this.#length - at), run, at);
    }
    return run;
  }

  #grow(): void {
    const { length, hints, ids } = newRun(this.#blockKeys);
    this.#blocks.push({ length, hints, ids, words: wordsOf(ids) });
    this.#hints = new BigUint64Array(hints.buffer, hints.byteOffset, this.#blockKeys);
    this.#ids = ids;
  }
}

/** Ids as words. Those of a run are aligned; hosts are little-endian. */
export function wordsOf(ids: Uint8Array): Uint32Array {
  return new Uint32Array(ids.buffer, ids.byteOffset, ids.length / 4);
}
