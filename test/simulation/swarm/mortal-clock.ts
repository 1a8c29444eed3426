import type { Cancel, Clock } from '../../../src/store/index.ts';

/** The clock of one run of a node: it stands still once the node was killed, so nothing more happens there. */
export class MortalClock implements Clock {
  readonly #clock: Clock;
  readonly #aheadMs: () => number;
  #dead = false;

  constructor(clock: Clock, aheadMs: () => number) {
    this.#clock = clock;
    this.#aheadMs = aheadMs;
  }

  kill(): void {
    this.#dead = true;
  }

  get dead(): boolean {
    return this.#dead;
  }

  now(): number {
    return Math.floor(this.#clock.now() + this.#aheadMs());
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(delayMs: number, callback: () => void): Cancel {
    if (this.#dead) return () => undefined;
    return this.#clock.after(delayMs, () => {
      if (!this.#dead) callback();
    });
  }
}
