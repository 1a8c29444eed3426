import { Alarm, type Clock } from '../../store/index.ts';

export interface OverloadInit {
  clock: Clock;
  /** The mean delay of the event loop since the last call, in milliseconds. */
  loopDelayMs: () => number;
  overloadMs: number;
  /** Called when overload begins or ends. */
  changed: () => void;
}

const SAMPLE_MS = 250;

/** How long overload lasts at least: it would return at once, and each turn costs the whole mesh. */
const HOLD_MS = 30_000;
const MAX_HOLD_MS = 300_000;

/** Whether the event loop falls behind, so that push hands over to sessions. */
export class Overload {
  readonly #init: OverloadInit;
  readonly #sample: Alarm;
  #on = false;
  #turnedAt = Number.NEGATIVE_INFINITY;
  #holdMs = HOLD_MS;

  constructor(init: OverloadInit) {
    this.#init = init;
    this.#sample = new Alarm(init.clock);
  }

  /** As of the last sample. */
  get on(): boolean {
    return this.#on;
  }

  start(): void {
    this.#sample.set(SAMPLE_MS, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#sample.cancel();
    this.#on = false;
  }

  /** The end needs less delay than the begin. Overload that returns soon lasts twice as long. */
  #look(): void {
    const { clock, loopDelayMs, overloadMs } = this.#init;
    const delay = loopDelayMs();
    const lasted = clock.monotonic() - this.#turnedAt;
    if (this.#on ? delay > overloadMs / 2 || lasted < this.#holdMs : delay <= overloadMs) return;
    if (!this.#on) {
      this.#holdMs = lasted < this.#holdMs ? Math.min(MAX_HOLD_MS, 2 * this.#holdMs) : HOLD_MS;
    }
    this.#on = !this.#on;
    this.#turnedAt = clock.monotonic();
    this.#init.changed();
  }
}
