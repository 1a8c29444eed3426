import { BUCKETS } from '../../../store/index.ts';
import { SYMBOL_BYTES } from './constants.ts';

/** Standard deviations that a group's own estimate may lie from what is expected, and be chance. */
const TOLERANCE = 2;

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

/** What earlier groups held, as differences an item. */
export class Predictor {
  #differences = 0;
  #items = 0;

  /** Differences expected among `items`, or null as long as nothing is known. */
  expect(items: number): number | null {
    if (this.#items === 0) return null;
    return (this.#differences / this.#items) * items;
  }

  note(items: number, differences: number): void {
    this.#items += items;
    this.#differences += differences;
  }

  /** A group's own estimate, unless what is expected differs from it by no more than chance. */
  refine(items: number, estimate: number): number {
    const expected = this.expect(items);
    if (expected === null) return estimate;
    const deviation = expected * Math.sqrt(2 / BUCKETS);
    return Math.abs(estimate - expected) <= TOLERANCE * deviation + 1 ? expected : estimate;
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
