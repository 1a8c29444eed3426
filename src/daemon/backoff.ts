/** Pauses that double from `baseMs` to `maxMs` while things go wrong. */
export class BackOff {
  readonly #baseMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(init: { baseMs: number; maxMs: number }) {
    this.#baseMs = init.baseMs;
    this.#maxMs = init.maxMs;
  }

  /** Counts a failure; returns the pause in milliseconds that it calls for. */
  next(): number {
    return Math.min(this.#maxMs, this.#baseMs * 2 ** Math.min(this.#failures++, 30));
  }

  /** Since the last reset. */
  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
  }
}
