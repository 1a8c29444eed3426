import type { Clock } from '../../../store/index.ts';

/** A sample of less time says little. */
const SAMPLE_MS = 500;
/** Samples so old count e times less than new ones: the time left neither jumps nor lags for long. */
const MEMORY_MS = 10_000;

/** How fast a count grows: the mean of all samples at first, later of those of the last seconds. */
export class RateMeter {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #at: number;
  #count = 0;
  /** Sum of the samples by their weights, and that of the weights. */
  #sum = 0;
  #weight = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** Null before the first sample. */
  get perSecond(): number | null {
    return this.#weight === 0 ? null : this.#sum / this.#weight;
  }

  /** Takes the whole count so far. */
  count(count: number): void {
    const passed = this.#clock.monotonic() - this.#at;
    if (passed < SAMPLE_MS) return;
    const sample = ((count - this.#count) * 1_000) / passed;
    const kept = Math.exp(-passed / MEMORY_MS);
    this.#sum = this.#sum * kept + sample * (1 - kept);
    this.#weight = this.#weight * kept + (1 - kept);
    this.#at += passed;
    this.#count = count;
  }
}
