import type { Clock } from '../../../store/index.ts';

/** A sample of less time says little. */
const SAMPLE_MS = 500;
/** Samples so old count e times less than new ones: the time left neither jumps nor lags for long. */
const MEMORY_MS = 10_000;

/** How fast a count grows, smoothed. */
export class RateMeter {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #at: number;
  #count = 0;
  #perSecond: number | null = null;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Null before the first sample, and while nothing has been counted. */
  get perSecond(): number | null {
    return this.#perSecond;
  }

  /** Takes the whole count so far. */
  count(count: number): void {
    const passed = this.#clock.monotonic() - this.#at;
    if (passed < SAMPLE_MS) return;
    const sample = ((count - this.#count) * 1_000) / passed;
    const before = this.#perSecond;
    // The rates of the first samples are all there is to go by.
    const share = before === null ? 1 : 1 - Math.exp(-passed / MEMORY_MS);
    this.#perSecond = (before ?? 0) + (sample - (before ?? 0)) * share;
    this.#at += passed;
    this.#count = count;
  }
}
