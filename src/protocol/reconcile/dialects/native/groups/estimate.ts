import { BUCKETS, blockOf, invariant, symbolsThrough } from '../../../../../store/index.ts';
import { SKETCH_SUMS, SYMBOL_BYTES } from '../constants.ts';

/** Standard deviations by which an estimate may differ from the expectation by chance. */
const TOLERANCE = 2;
/** Fewer expected differences are most probably one. */
const SINGLE = 1.1;
/** With fewer symbols the share of zeros means too little. */
const MIN_SEEN = 32;

/**
 * Symbols that decode `differences` in about nine cases of ten (measured: 6 for 2, 34 for 16, 101 for
 * 64, 350 for 256, 1,170 for 900).
 */
export function symbolsFor(differences: number): number {
  if (differences < SINGLE) return 3;
  return Math.ceil(1.2 * differences + 3 * Math.sqrt(differences));
}

/** The same where a round trip for more costs less than symbols that are too many. */
export function fewestSymbolsFor(differences: number): number {
  if (differences < SINGLE) return 3;
  return Math.ceil(1.2 * differences + 2 * Math.sqrt(differences));
}

/** Bytes of a sketch for so many differences. */
export function sketchBytes(differences: number): number {
  return SKETCH_SUMS + 4 + symbolsFor(differences) * SYMBOL_BYTES;
}

/** The low bytes of `count` sums of the estimator, each of as many neighbouring buckets. */
export function sumsOf(buckets: Int32Array, count: number): Uint8Array {
  const sums = new Uint8Array(count);
  for (let i = 0; i < BUCKETS; i++) sums[Math.floor((i * count) / BUCKETS)]! += buckets[i]!;
  return sums;
}

/**
 * Differences between two sets, from our buckets and the peer's sums. Their number is the expectation
 * of the sum of squares; the standard deviation is sqrt(2 / sums) of it.
 */
export function estimateDifferences(ours: Int32Array, theirs: Uint8Array): number {
  return sumsOf(ours, theirs.length).reduce((squares, sum, i) => {
    const difference = ((sum - theirs[i]!) << 24) >> 24;
    return squares + difference * difference;
  }, 0);
}

/** Cells of a block that hold a short id, on average: 3/4 * 13/16 + 1/4 * 4. */
const CELLS_PER_BLOCK = 1.61;

/**
 * Differences from the zeros in the last block of `difference`, the difference of both sides' symbols:
 * the more symbols, the more exact. Null while there are too few.
 */
export function estimateFromZeros(difference: Uint32Array, symbols: number): number | null {
  const last = blockOf(symbols - 1);
  const block = symbols - symbolsThrough(last - 1) < MIN_SEEN ? last - 1 : last;
  const begin = symbolsThrough(block - 1);
  const end = Math.min(symbols, symbolsThrough(block));
  if (end - begin < MIN_SEEN) return null;
  let zeros = 0;
  for (let i = begin; i < end; i++) {
    if (difference[2 * i] === 0 && difference[2 * i + 1] === 0) zeros++;
  }
  return (-Math.log(Math.max(1, zeros) / (end - begin)) * 2 ** block) / CELLS_PER_BLOCK;
}

/** Ranges that are equal by chance: from so many on their number means something. */
const FEW_EQUAL = 4;

/** Predicts differences from earlier groups. */
export class Predictor {
  #differences = 0;
  #items = 0;
  #groups = 0;

  /** Differences expected among `items`; null before the first group. */
  expect(items: number): number | null {
    if (this.#items === 0) return null;
    return (this.#differences / this.#items) * items;
  }

  note(items: number, differences: number): void {
    const isCount = items >= 0 && differences >= 0 && Number.isFinite(differences);
    invariant(isCount, 'session', 'PREDICTED', [items, differences]);
    this.#items += items;
    this.#differences += differences;
    this.#groups++;
  }

  /**
   * Improves a group's own estimate, made of `sums` sums and noted before. The result is the expectation,
   * unless chance does not explain the estimate. `sure`: other groups agree, but for the `deviation`.
   */
  refine(
    items: number,
    estimate: number,
    sums: number,
  ): { value: number; deviation: number; sure: boolean } {
    const expected = this.expect(items) ?? estimate;
    const deviation = Math.sqrt(2 / sums);
    const within = Math.abs(estimate - expected) <= TOLERANCE * deviation * expected + 1;
    if (this.#groups < 2 || !within)
      return { value: estimate, deviation: estimate * deviation, sure: false };
    const shared = (expected * deviation) / Math.sqrt(this.#groups);
    return { value: expected, deviation: shared, sure: true };
  }
}

/**
 * Differences expected in each of `differing` ranges out of `ranges`, if they fall by chance; null when
 * so few are equal that nothing follows.
 */
export function expectedPerRange(ranges: number, differing: number): number | null {
  if (ranges - differing < Math.min(FEW_EQUAL, 0.2 * ranges)) return null;
  const mean = -Math.log(1 - differing / ranges);
  return mean / (1 - Math.exp(-mean));
}
