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

/** A shorter rest is not worth a timer. */
const LEAST_REST_MS = 0.5;

/**
 * Shares the turns of the event loop among all work in slices. Each slice alone is short, but with many at
 * a time I/O would wait for the sum. All work of the thread counts, since clients wait for that too.
 */
export class Turns implements BulkPace {
  readonly #init: TurnsInit & typeof DEFAULT_TURNS;
  /** In the order they came; a `last` one ends the turn. */
  readonly #waiting: { readonly run: () => void; readonly last: boolean }[] = [];
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
    return this.#enter(work, false);
  }

  /** The slice follows the promise, so no other work begins before the event loop has come round. */
  turn(): Promise<void> {
    return this.#enter(() => undefined, true);
  }

  #enter<Result>(work: () => Result, last: boolean): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push({ run, last });
      if (!this.#resting) this.#serve();
    });
  }

  #serve(): void {
    const { clock } = this.#init;
    let ended = false;
    while (!ended && this.#waiting.length > 0 && this.#usedMs < this.sliceMs) {
      const begin = clock.monotonic();
      const { run, last } = this.#waiting.shift()!;
      ended = last;
      run();
      this.#slicesMs += clock.monotonic() - begin;
    }
    if (ended || this.#waiting.length > 0) this.#rest(this.#restMs);
  }

  /** While clients ask, as long as the thread was busy; else long enough for I/O. */
  get #restMs(): number {
    return this.#init.clientsAsk() ? Math.min(this.#usedMs, MAX_REST_MS) : 0;
  }

  #rest(ms: number, restedMs = 0): void {
    const { clock } = this.#init;
    this.#resting = true;
    this.#begunMs = this.#spentMs;
    clock.after(ms, () => {
      // Work of the thread meanwhile, such as the slice of a turn, was no rest.
      const moreMs = Math.min(this.#restMs, MAX_REST_MS - restedMs - ms);
      if (moreMs >= LEAST_REST_MS) return this.#rest(moreMs, restedMs + ms);
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
