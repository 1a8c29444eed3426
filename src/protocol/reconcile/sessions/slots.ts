import type { Cancel, Clock } from '../../../store/index.ts';
import { Limiter, type Release } from '../../limiter.ts';

interface HeldSlot {
  readonly since: number;
  readonly giveWay: () => void;
  told: boolean;
}

export interface SlotsInit {
  clock: Clock;
  /** Sessions at a time. */
  limit: number;
  /** Milliseconds that a session may run while others wait. */
  giveWayMs: number;
}

/** Room for so many sessions at a time. Where more wait, those that have run for long are told to end. */
export class Slots {
  readonly #init: SlotsInit;
  readonly #limiter: Limiter;
  /** Oldest first. */
  readonly #held = new Set<HeldSlot>();
  #waiting = 0;
  #cancel: Cancel = () => undefined;

  constructor(init: SlotsInit) {
    this.#init = init;
    this.#limiter = new Limiter(init.limit);
  }

  /**
   * Resolves with the way to leave; rejects with the signal's reason when that comes first. `giveWay`
   * is called at most once, while the slot is held.
   */
  async acquire(signal: AbortSignal, giveWay: () => void): Promise<Release> {
    this.#waiting++;
    this.#watch();
    let release: Release;
    try {
      release = await this.#limiter.acquire(signal);
    } finally {
      this.#waiting--;
      this.#watch();
    }
    const held: HeldSlot = { since: this.#init.clock.monotonic(), giveWay, told: false };
    this.#held.add(held);
    this.#watch();
    return () => {
      this.#held.delete(held);
      release();
      this.#watch();
    };
  }

  /** One gives way for each that waits. */
  #watch(): void {
    this.#cancel();
    const { clock, limit, giveWayMs } = this.#init;
    const held = [...this.#held];
    const oldest = held.find(({ told }) => !told);
    const leaving = held.filter(({ told }) => told).length;
    if (oldest === undefined || held.length < limit || leaving >= this.#waiting) return;
    const delay = Math.max(0, oldest.since + giveWayMs - clock.monotonic());
    this.#cancel = clock.after(delay, () => {
      oldest.told = true;
      oldest.giveWay();
      this.#watch();
    });
  }
}
