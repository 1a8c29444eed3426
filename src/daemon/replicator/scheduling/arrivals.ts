import type { Clock } from '../../../store/index.ts';

/** How long fetching that brings nothing counts as work. */
const PATIENCE_MS = 5_000;

/** Whether fetched items arrive: a peer that answers very slowly must not put off other sessions. */
export class Arrivals {
  readonly #clock: Clock;
  #cameAt = Number.NEGATIVE_INFINITY;
  #busySince: number | null = null;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** A wanted item is on disk. */
  came(): void {
    this.#cameAt = this.#clock.monotonic();
  }

  /** Whether sessions shall wait for the items that are being fetched. */
  worthWaiting(fetching: boolean): boolean {
    if (!fetching) {
      this.#busySince = null;
      return false;
    }
    const now = this.#clock.monotonic();
    this.#busySince ??= now;
    return now - Math.max(this.#busySince, this.#cameAt) < PATIENCE_MS;
  }
}
