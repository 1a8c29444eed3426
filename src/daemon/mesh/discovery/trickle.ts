import { Alarm, type Clock, type Random } from '../../../store/index.ts';

export interface TrickleInit {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds, asked each time: the shortest interval, and the longest. */
  bounds(): { minMs: number; maxMs: number };
  /** Returns whether anybody was there to hear it; if not the interval stays as it is. */
  fire(): boolean;
}

/**
 * The Trickle timer (RFC 6206, without suppression): often after a change, then twice as rarely each
 * time, at a random moment in the second half of each interval.
 */
export class Trickle {
  readonly #init: TrickleInit;
  readonly #next: Alarm;
  #intervalMs = 0;
  #running = false;

  constructor(init: TrickleInit) {
    this.#init = init;
    this.#next = new Alarm(init.clock);
  }

  start(): void {
    this.#running = true;
    this.#begin(0);
  }

  stop(): void {
    this.#running = false;
    this.#next.cancel();
  }

  /** Something changed: the next time is soon. While it is, further changes do not put it off. */
  reset(): void {
    if (this.#running && this.#intervalMs > this.#init.bounds().minMs) this.#begin(0);
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
