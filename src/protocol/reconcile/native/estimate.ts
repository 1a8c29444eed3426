import { BUCKETS, blockOf, symbolsThrough } from '../../../store/index.ts';
import { SYMBOL_BYTES } from './constants.ts';

/** Standard deviations that a group's own estimate may lie from what is expected, and be chance. */
const TOLERANCE = 2;
/** Of the estimator, relative to what it estimates. */
const DEVIATION = Math.sqrt(2 / BUCKETS);
/** Fewer zero symbols say too little. */
const MIN_ZEROS = 8;

/**
 * Symbols that decode `differences` in about nine cases of ten (measured: 6 for 2, 34 for 16, 101 for
 * 64, 350 for 256, 1,170 for 900).
 */
export function symbolsFor(differences: number): number {
  if (differences <= 1) return 3;
  return Math.ceil(1.2 * differences + 3 * Math.sqrt(differences));
}

/** Bytes that a sketch of so many differences takes. */
export function sketchBytes(differences: number): number {
  return BUCKETS + 4 + symbolsFor(differences) * SYMBOL_BYTES;
}

/**
 * Differences between two sets from the estimator's sums: ours less the peer's, of which the low
 * bytes came. The expectation of the squares' sum is what is looked for, its standard deviation a
 * quarter of that.
 */
export function estimateDifferences(ours: Int32Array, theirs: Uint8Array): number {
  let squares = 0;
  for (let i = 0; i < BUCKETS; i++) {
    const difference = ((ours[i]! - theirs[i]!) << 24) >> 24;
    squares += difference * difference;
  }
  return squares;
}

/** Cells of a block that a short id stands in, on average: 3/4 * 13/16 + 1/4 * 4. */
const CELLS_PER_BLOCK = 1.61;

/**
 * Differences from how many symbols of the last block are zero, which is more exact the more symbols
 * there are; null when nothing follows. Made of the difference of both sides' symbols.
 */
export function estimateFromZeros(difference: Uint32Array, symbols: number): number | null {
  const block = blockOf(symbols - 1);
  const begin = symbolsThrough(block - 1);
  const seen = symbols - begin;
  let zeros = 0;
  for (let i = begin; i < symbols; i++) {
    if (difference[2 * i] === 0 && difference[2 * i + 1] === 0) zeros++;
  }
  if (zeros < MIN_ZEROS || zeros === seen) return null;
  return (-Math.log(zeros / seen) * 2 ** block) / CELLS_PER_BLOCK;
}

/** What other groups held, as differences an item. */
export class Predictor {
  #differences = 0;
  #items = 0;
  #groups = 0;

  /** Differences expected among `items`, or null as long as nothing is known. */
  expect(items: number): number | null {
    if (this.#items === 0) return null;
    return (this.#differences / this.#items) * items;
  }

  note(items: number, differences: number): void {
    this.#items += items;
    this.#differences += differences;
    this.#groups++;
  }

  /**
   * What to make of a group's own estimate, which has been noted: what is expected, and a standard
   * deviation more, unless the two differ by more than chance. `sure` where other groups bear it out.
   */
  refine(items: number, estimate: number): { value: number; sure: boolean } {
    const expected = this.expect(items) ?? estimate;
    const within = Math.abs(estimate - expected) <= TOLERANCE * DEVIATION * expected + 1;
    if (this.#groups < 2 || !within) return { value: estimate, sure: false };
    return { value: expected * (1 + DEVIATION / Math.sqrt(this.#groups)), sure: true };
  }
}

/**
 * Differences expected in each range of a family of `ranges` of which `differing` differ, when they
 * fall by chance; null when so many differ that nothing follows.
 */
export function expectedPerRange(ranges: number, differing: number): number | null {
  if (differing > 0.8 * ranges) return null;
  const mean = -Math.log(1 - differing / ranges);
  return mean / (1 - Math.exp(-mean));
}
