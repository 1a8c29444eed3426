import type { Clock } from '../../store/index.ts';

export interface OverloadInit {
  clock: Clock;
  /** The mean delay of the event loop since the last call, in milliseconds. */
  loopDelayMs: () => number;
  overloadMs: number;
}

const SAMPLE_MS = 1_000;

/** Whether the event loop falls behind, so that push hands over to sessions. */
export class Overload {
  readonly #init: OverloadInit;
  #sampledAt: number;
  #on = false;

  constructor(init: OverloadInit) {
    this.#init = init;
    this.#sampledAt = init.clock.monotonic();
  }

  /** As of the last second. The end needs less delay than the begin, so that it does not flicker. */
  get on(): boolean {
    const { clock, loopDelayMs, overloadMs } = this.#init;
    const now = clock.monotonic();
    if (now - this.#sampledAt >= SAMPLE_MS) {
      this.#sampledAt = now;
      this.#on = loopDelayMs() > (this.#on ? overloadMs / 2 : overloadMs);
    }
    return this.#on;
  }
}
