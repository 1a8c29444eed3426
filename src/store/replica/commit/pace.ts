import { delay } from '../../alarm.ts';
import type { Clock } from '../../environment.ts';

/** Milliseconds of work in a row. */
const MAX_MS = 5;

/**
 * Lets the event loop run between pieces of work that would otherwise follow each other through
 * promises alone. Work that takes no time, as under a virtual clock, is never held up.
 */
export class Pace {
  readonly #clock: Clock;
  #workedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the next piece may begin. */
  async rest(): Promise<void> {
    if (this.#workedMs < MAX_MS) return;
    this.#workedMs = 0;
    await delay(this.#clock);
  }

  /** Does a piece of work. */
  work<Result>(piece: () => Result): Result {
    const start = this.#clock.monotonic();
    try {
      return piece();
    } finally {
      this.#workedMs += this.#clock.monotonic() - start;
    }
  }
}
