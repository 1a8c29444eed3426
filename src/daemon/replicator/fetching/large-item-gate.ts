import type { Cancel, Clock } from '../../../store/index.ts';

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

  /** Whether large items have waited so long for small ones that it is their turn all the same. */
  overdue(): boolean {
    return this.#due(this.#init.largeWaitMs) <= this.#init.clock.monotonic();
  }

  /** Whether to ask for large items now, where nothing small can be asked for; if not, it wakes later. */
  come(): boolean {
    const { clock, largeQuietMs } = this.#init;
    const now = clock.monotonic();
    const due = Math.min(this.#smallAt + largeQuietMs, this.#due(STEADY * largeQuietMs));
    if (due <= now) return true;
    this.stop();
    this.#waiting = clock.after(Math.ceil(due - now), () => {
      this.#waiting = undefined;
      this.#init.wake();
    });
    return false;
  }

  #due(patienceMs: number): number {
    this.#waitingSince ??= this.#init.clock.monotonic();
    return this.#waitingSince + patienceMs;
  }

  stop(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
