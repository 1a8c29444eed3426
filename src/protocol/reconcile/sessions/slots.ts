import type { Cancel, Clock } from '../../../store/index.ts';
import { Limiter, type Release } from '../../limiter.ts';

interface HeldSlot {
  readonly since: number;
  readonly giveWay: () => void;
  gaveWay: boolean;
}

export interface SlotsInit {
  clock: Clock;
  limit: number;
  /** Milliseconds that a session may run while others wait. */
  giveWayMs: number;
}

/** Bounds the sessions at a time. While others wait, the oldest sessions give way. */
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
   * Resolves with the release of the slot; rejects with the signal's reason. `giveWay` is called at most
   * once, while the slot is held.
   */
  async take(signal: AbortSignal, giveWay: () => void): Promise<Release> {
    this.#waiting++;
    this.#watch();
    let release: Release;
    try {
      release = await this.#limiter.take(signal);
    } finally {
      this.#waiting--;
      this.#watch();
    }
    const held: HeldSlot = { since: this.#init.clock.monotonic(), giveWay, gaveWay: false };
    this.#held.add(held);
    this.#watch();
    return () => {
      this.#held.delete(held);
      release();
      this.#watch();
    };
  }

  /** One session gives way for each waiting session. */
  #watch(): void {
    this.#cancel();
    const { clock, limit, giveWayMs } = this.#init;
    const held = [...this.#held];
    const oldest = held.find(({ gaveWay }) => !gaveWay);
    const leaving = held.filter(({ gaveWay }) => gaveWay).length;
    if (oldest === undefined || held.length < limit || leaving >= this.#waiting) return;
    const delay = Math.max(0, oldest.since + giveWayMs - clock.monotonic());
    this.#cancel = clock.after(delay, () => {
      oldest.gaveWay = true;
      oldest.giveWay();
      this.#watch();
    });
  }
}
