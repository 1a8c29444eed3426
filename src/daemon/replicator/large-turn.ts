import type { Cancel, Clock } from '../../store/index.ts';

export interface LargeTurnInit {
  clock: Clock;
  largeQuietMs: number;
  largeWaitMs: number;
  /** Called when it may have become time. */
  wake: () => void;
}

/** Small items that keep coming, none of them waiting, put large ones off for so many quiet times. */
const STEADY = 10;

/** Tells when large items may be fetched: small ones go first, but not for ever. */
export class LargeTurn {
  readonly #init: LargeTurnInit;
  #smallAt = Number.NEGATIVE_INFINITY;
  #waitingSince: number | undefined;
  #waiting: Cancel | undefined;

  constructor(init: LargeTurnInit) {
    this.#init = init;
  }

  /** A small item came, from wherever. */
  small(): void {
    this.#smallAt = this.#init.clock.monotonic();
  }

  /** Nothing large is waiting, or its request begins: the next one has its own wait. */
  reset(): void {
    this.#waitingSince = undefined;
  }

  /** Whether to ask for large items now, while so many small ones are waiting; if not, it wakes later. */
  come(smallWaiting: number): boolean {
    const { clock, largeQuietMs, largeWaitMs } = this.#init;
    const now = clock.monotonic();
    this.#waitingSince ??= now;
    const patienceMs = smallWaiting > 0 ? largeWaitMs : STEADY * largeQuietMs;
    const quiet = smallWaiting > 0 ? Number.POSITIVE_INFINITY : this.#smallAt + largeQuietMs;
    const due = Math.min(quiet, this.#waitingSince + patienceMs);
    if (due <= now) return true;
    this.stop();
    this.#waiting = clock.after(Math.ceil(due - now), () => {
      this.#waiting = undefined;
      this.#init.wake();
    });
    return false;
  }

  stop(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
