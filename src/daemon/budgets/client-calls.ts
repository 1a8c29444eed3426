import type { Clock } from '../../store/index.ts';

/** A client that asks now and then asks again within this time. */
const RECENT_MS = 250;

/** Knows whether clients ask for items, so that bulk work leaves them the processor. */
export class ClientCalls {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** A client asked, or put an item. */
  came(): void {
    this.#lastAt = this.#clock.monotonic();
  }

  get recent(): boolean {
    return this.#clock.monotonic() - this.#lastAt < RECENT_MS;
  }
}
