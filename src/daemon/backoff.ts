import type { Random } from '../store/index.ts';

/** Pauses that double from `baseMs` to `maxMs` while things go wrong. */
export class BackOff {
  readonly #init: { baseMs: number; maxMs: number };
  #failures = 0;

  constructor(init: { baseMs: number; maxMs: number }) {
    this.#init = init;
  }

  /** Counts a failure; returns the pause in milliseconds that it calls for. */
  next(): number {
    const { baseMs, maxMs } = this.#init;
    return Math.min(maxMs, baseMs * 2 ** Math.min(this.#failures++, 30));
  }

  /** Since the last reset. */
  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** The pause without a random part of it: at most the fraction `jitter` of it is taken away. */
export function jittered(pauseMs: number, jitter: number, random: Random): number {
  return pauseMs * (1 - jitter * random.fraction());
}
