import type { BulkPace, Clock } from '../../store/index.ts';

/** How the turns of the event loop are shared. */
export interface TurnsInit {
  clock: Clock;
  /**
   * Milliseconds of the processor after which the event loop gets its turn; work that has begun ends first.
   * Raising it speeds up large sessions, lowering it lets I/O wait less.
   * @default 10
   */
  turnMs?: number;
  /**
   * The same while clients ask. Raising it speeds up a catch-up, lowering it answers clients sooner.
   * @default 3
   */
  askedTurnMs?: number;
  /**
   * Whether clients ask at the moment: then bulk work takes at most half of the processor.
   * @default never
   */
  clientsAsk?: () => boolean;
  /**
   * Milliseconds of the processor that this thread has used.
   * @default the clock, and of all work only the slices count
   */
  busyMs?: () => number;
}

const DEFAULT_TURNS = { turnMs: 10, askedTurnMs: 3, clientsAsk: () => false };

/** The thread may be busy for the clients alone: bulk work goes on after this time in any case. */
const MAX_REST_MS = 20;

/**
 * Shares the turns of the event loop among all work in slices. Each slice alone is short, but with many at
 * a time I/O would wait for the sum. All work of the thread counts, since clients wait for that too.
 */
export class Turns implements BulkPace {
  readonly #init: TurnsInit & typeof DEFAULT_TURNS;
  /** In the order they came. */
  readonly #waiting: (() => void)[] = [];
  /** Time by the clock of all slices so far. */
  #slicesMs = 0;
  /** What was spent at the end of the last rest. */
  #begunMs: number;
  #resting = false;

  constructor(init: TurnsInit) {
    this.#init = { ...DEFAULT_TURNS, ...init };
    this.#begunMs = this.#spentMs;
  }

  get sliceMs(): number {
    const { clientsAsk, turnMs, askedTurnMs } = this.#init;
    return clientsAsk() ? askedTurnMs : turnMs;
  }

  busyMs(): number {
    const { busyMs, clock } = this.#init;
    return busyMs?.() ?? clock.monotonic();
  }

  /** Whether work would run at once. */
  get ready(): boolean {
    return !this.#resting && this.#usedMs < this.sliceMs;
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

  turn(): Promise<void> {
    return this.run(() => undefined);
  }

  #serve(): void {
    const { clock } = this.#init;
    while (this.#waiting.length > 0 && this.#usedMs < this.sliceMs) {
      const begin = clock.monotonic();
      this.#waiting.shift()!();
      this.#slicesMs += clock.monotonic() - begin;
    }
    if (this.#waiting.length > 0) this.#rest();
  }

  /** Long enough for I/O; while clients ask, as long as the thread was busy. */
  #rest(): void {
    const { clock, clientsAsk } = this.#init;
    this.#resting = true;
    clock.after(clientsAsk() ? Math.min(this.#usedMs, MAX_REST_MS) : 0, () => {
      this.#resting = false;
      this.#begunMs = this.#spentMs;
      this.#serve();
    });
  }

  get #usedMs(): number {
    return this.#spentMs - this.#begunMs;
  }

  get #spentMs(): number {
    return this.#init.busyMs?.() ?? this.#slicesMs;
  }
}
