import { SUM256_BYTES } from '../../fingerprint/index.ts';
import { wordsOf } from './blocks.ts';

/** A 256-bit integer as words of 32 bits, the low one first. */
const WORDS = SUM256_BYTES / 4;
const WORD = 2 ** 32;

/** Ids between two kept sums: a byte an item. Each end of a range adds up to half as many ids. */
const STRIDE = 32;

/**
 * Eight words, which may exceed 32 bits or be negative until `stateOf` spreads their carries: a double
 * holds the sum of 2^21 words exactly.
 */
type Loose = Float64Array;

/** Sums of runs of ids as `sum256` has them, each from at most a few dozen additions. */
export class PrefixSums {
  readonly #ids: Uint32Array;
  /** For each multiple of STRIDE, the sum of the ids below it. */
  readonly #kept: Uint32Array;

  /** @param ids 32 bytes each, aligned to 4. */
  constructor(ids: Uint8Array) {
    this.#ids = wordsOf(ids);
    const strides = Math.floor(ids.length / SUM256_BYTES / STRIDE);
    this.#kept = new Uint32Array((strides + 1) * WORDS);
    const sum = zero();
    for (let i = 1; i <= strides; i++) {
      addIds(sum, this.#ids, (i - 1) * STRIDE, i * STRIDE, 1);
      spreadCarries(sum);
      for (let word = 0; word < WORDS; word++) this.#kept[i * WORDS + word] = sum[word]!;
    }
  }

  /** The state of the ids of [begin, end), fresh. */
  between(begin: number, end: number): Uint8Array {
    const sum = zero();
    if (end - begin <= STRIDE) addIds(sum, this.#ids, begin, end, 1);
    else subtract(this.#below(end, sum), this.#below(begin, zero()));
    return stateOf(sum);
  }

  /** The state between each two neighbours of `cuts`, which ascend: no id is added twice. */
  betweenAll(cuts: readonly number[]): Uint8Array[] {
    const states: Uint8Array[] = [];
    let left: Loose | null = null;
    for (let i = 1; i < cuts.length; i++) {
      const begin = cuts[i - 1]!;
      const end = cuts[i]!;
      if (end - begin <= STRIDE) {
        states.push(this.between(begin, end));
        left = null;
        continue;
      }
      left ??= this.#below(begin, zero());
      const right = this.#below(end, zero());
      states.push(stateOf(subtract(right.slice(), left)));
      left = right;
    }
    return states;
  }

  /** Adds to `sum` all ids below `rank`, from the nearest sum that is kept. */
  #below(rank: number, sum: Loose): Loose {
    const last = this.#kept.length / WORDS - 1;
    const nearest = Math.min(Math.round(rank / STRIDE), last);
    for (let word = 0; word < WORDS; word++) sum[word]! += this.#kept[nearest * WORDS + word]!;
    const kept = nearest * STRIDE;
    if (kept <= rank) addIds(sum, this.#ids, kept, rank, 1);
    else addIds(sum, this.#ids, rank, kept, -1);
    return sum;
  }
}

function zero(): Loose {
  return new Float64Array(WORDS);
}

/** Adds the ids of [begin, end), or takes them away, one word of all after the other. */
function addIds(sum: Loose, ids: Uint32Array, begin: number, end: number, sign: 1 | -1): void {
  for (let word = 0; word < WORDS; word++) {
    let total = 0;
    for (let at = begin * WORDS + word; at < end * WORDS; at += WORDS) total += ids[at]!;
    sum[word]! += sign * total;
  }
}

function subtract(sum: Loose, other: Loose): Loose {
  for (let word = 0; word < WORDS; word++) sum[word]! -= other[word]!;
  return sum;
}

/** Brings every word to 32 bits; a carry out of the highest is dropped. */
function spreadCarries(sum: Loose): void {
  let carry = 0;
  for (let word = 0; word < WORDS; word++) {
    const value = sum[word]! + carry;
    carry = Math.floor(value / WORD);
    sum[word] = value - carry * WORD;
  }
}

function stateOf(sum: Loose): Uint8Array {
  spreadCarries(sum);
  const words = new Uint32Array(WORDS);
  for (let word = 0; word < WORDS; word++) words[word] = sum[word]!;
  return new Uint8Array(words.buffer);
}
