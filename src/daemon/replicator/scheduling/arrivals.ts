import type { Clock } from '../../../store/index.ts';

/** How long work of which nothing comes counts as work. */
const PATIENCE_MS = 5_000;

/**
 * Whether what is being fetched comes. A peer that answers as slowly as it may never fails; it must not
 * keep sessions with others from running for as long.
 */
export class Arrivals {
  readonly #clock: Clock;
  #cameAt = Number.NEGATIVE_INFINITY;
  #busySince: number | null = null;

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** Something that was wanted is on disk. */
  came(): void {
    this.#cameAt = this.#clock.monotonic();
  }

  /** Whether there is anything to wait for, where something is being fetched. */
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
