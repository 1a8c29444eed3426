import { type BulkPace, slowerAtOnce } from '../../store/index.ts';

/** A part of a whole slice takes at least so much: smaller ones would cost more than their work. */
const LEAST_SHARE = 1 / 64;

/**
 * Sizes slices of work that counts its own steps by the time that earlier slices took: how long a step takes depends on
 * the machine, the set and the kind of work.
 */
export class SliceShare {
  readonly #pace: Pick<BulkPace, 'sliceMs' | 'busyMs'>;
  /** Estimated milliseconds of a whole slice. */
  #wholeMs = 0;

  constructor(pace: Pick<BulkPace, 'sliceMs' | 'busyMs'>) {
    this.#pace = pace;
  }

  /** The part of a whole slice that fits the time for one at present, up to 1. */
  get now(): number {
    const { sliceMs } = this.#pace;
    return this.#wholeMs <= sliceMs ? 1 : Math.max(LEAST_SHARE, sliceMs / this.#wholeMs);
  }

  /**
   * Runs a slice with the share that it may take.
   *
   * @param isCut Whether its share ended the slice: a slice that ended by itself does not show that work is fast.
   */
  run<Result>(slice: (share: number) => Result, isCut: (result: Result) => boolean): Result {
    const share = this.now;
    const begin = this.#pace.busyMs();
    const result = slice(share);
    const wholeMs = (this.#pace.busyMs() - begin) / share;
    if (wholeMs > this.#wholeMs || isCut(result))
      this.#wholeMs = slowerAtOnce(this.#wholeMs, wholeMs);
    return result;
  }
}
