import type { Cancel, Clock } from '../../src/store/index.ts';
import { TimerHeap } from './timer-heap.ts';

/** A clock that stands still until it is told to go on. Timers fire in order of time, then of age. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #start: number;
  readonly #timers = new TimerHeap();

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
    this.#start = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = this.#timers.add(this.#now + Math.max(0, delayMs), callback);
    return () => this.#timers.callOff(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Runs everything due in the next `durationMs`, letting promises settle between timers. */
  async advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs;
    await settle();
    for (let next = this.#timers.take(end); next !== undefined; next = this.#timers.take(end)) {
      this.#now = next.at;
      next.callback();
      await settle();
    }
    this.#now = end;
  }
}

/** Resolves once no promise or microtask is left to run. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
