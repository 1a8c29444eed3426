import { Alarm, type Clock, type Random } from '../../../store/index.ts';

export interface TrickleInit {
  readonly clock: Clock;
  readonly random: Random;
  /** The shortest and the longest interval in milliseconds, asked each time. */
  bounds(): { minMs: number; maxMs: number };
  /** Returns whether any peer was there to hear it; if not, the interval stays as it is. */
  fire(): boolean;
}

/** The Trickle timer (RFC 6206, without suppression): each interval doubles until a change. */
export class Trickle {
  readonly #init: TrickleInit;
  readonly #next: Alarm;
  #intervalMs = 0;

  constructor(init: TrickleInit) {
    this.#init = init;
    this.#next = new Alarm(init.clock);
  }

  start(): void {
    this.#begin(0);
  }

  stop(): void {
    this.#next.cancel();
  }

  /** After a change the next time is soon. Until then, further changes do not put it off. */
  reset(): void {
    if (this.#next.pending && this.#intervalMs > this.#init.bounds().minMs) this.#begin(0);
  }

  #begin(intervalMs: number): void {
    const { random, bounds } = this.#init;
    const { minMs, maxMs } = bounds();
    this.#intervalMs = Math.max(minMs, Math.min(intervalMs, maxMs));
    this.#next.set(this.#intervalMs * (1 + random.fraction()) * 0.5, () => this.#fired());
  }

  #fired(): void {
    const heard = this.#init.fire();
    this.#begin(heard ? 2 * this.#intervalMs : this.#intervalMs);
  }
}
