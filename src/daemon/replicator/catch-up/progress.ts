import type { Clock } from '../../../store/index.ts';

/** How far a catch-up is. */
export interface CatchUpProgress {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** `closing`: all slices are here; one session a peer over everything shows whether that is all. */
  readonly phase: 'slices' | 'closing';
  /** Items that were listed in it and have been stored; not what was put here or pushed meanwhile. */
  readonly stored: number;
  /** Items still missing: ids listed and not here, and for what is not listed yet the counts of peers. */
  readonly missing: number;
  /** A part of `missing` is what peers say of their sets, proved by nothing. */
  readonly estimated: boolean;
  readonly slices: {
    readonly total: number;
    readonly closed: number;
    /** A second peer has shown that it holds nothing there that is not here. */
    readonly checked: number;
    /** Closed although not all that was listed has come: no peer could bring it. */
    readonly givenUp: number;
  };
  /** Peers that take part; while closing, those whose session over everything has not ended. */
  readonly peers: number;
  /** Over the last ten seconds; null until there are some. */
  readonly itemsPerSecond: number | null;
  /** Null where nothing backs an estimate: at the beginning, when nothing comes, and at the end. */
  readonly secondsLeft: number | null;
}

/** Over how long the rate is taken, and the least that backs an estimate. */
const WINDOW_MS = 10_000;
const LEAST_MS = 4_000;

/** Counts what comes, and at what rate it came lately. */
export class Rate {
  readonly #clock: Clock;
  #total = 0;
  #samples: { at: number; total: number }[];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#samples = [{ at: clock.monotonic(), total: 0 }];
  }

  get total(): number {
    return this.#total;
  }

  add(count: number): void {
    this.#total += count;
  }

  /** Called now and then: the rate is taken between such moments. */
  sample(): void {
    const now = this.#clock.monotonic();
    this.#samples.push({ at: now, total: this.#total });
    while (this.#samples.length > 2 && this.#samples[1]!.at <= now - WINDOW_MS)
      this.#samples.shift();
  }

  /** A second, over the window; null until that is long enough to say anything. */
  get perSecond(): number | null {
    const { at, total } = this.#samples[0]!;
    const ms = this.#clock.monotonic() - at;
    return ms < LEAST_MS ? null : ((this.#total - total) * 1_000) / ms;
  }

  /** Seconds for `missing` more at the present rate. */
  secondsFor(missing: number): number | null {
    const rate = this.perSecond;
    return rate === null || rate === 0 || missing === 0 ? null : Math.ceil(missing / rate);
  }
}
