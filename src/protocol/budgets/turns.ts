import type { Clock } from '../../store/index.ts';

/** How the turns of the event loop are shared. */
export interface TurnsInit {
  clock: Clock;
  /**
   * Milliseconds of work after which the event loop gets its turn; work that has begun ends first. Raising
   * it speeds up large sessions, lowering it lets I/O wait less.
   * @default 10
   */
  turnMs?: number;
}

const DEFAULT_TURN_MS = 10;

/**
 * Shares the turns of the event loop among all work in slices. Each slice alone is short, but with many at
 * a time I/O would wait for the sum.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #turnMs: number;
  /** In the order they came. */
  readonly #waiting: (() => void)[] = [];
  #usedMs = 0;
  #resting = false;

  constructor({ clock, turnMs = DEFAULT_TURN_MS }: TurnsInit) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  /** Runs work at once, or in a later turn; resolves or rejects with its outcome. */
  run<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
      if (!this.#resting) this.#serve();
    });
  }

  #serve(): void {
    while (this.#waiting.length > 0 && this.#usedMs < this.#turnMs) {
      const begin = this.#clock.monotonic();
      this.#waiting.shift()!();
      this.#usedMs += this.#clock.monotonic() - begin;
    }
    if (this.#usedMs < this.#turnMs) return;
    this.#resting = true;
    this.#clock.after(0, () => {
      this.#resting = false;
      this.#usedMs = 0;
      this.#serve();
    });
  }
}
