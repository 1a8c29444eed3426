import { type Cancel, type Clock, invariant } from '../../../store/index.ts';
import { ByteBudget, type Release } from '../../budgets/index.ts';
import { type Knows, keptOf } from '../../knows.ts';

interface HeldSlot {
  readonly since: number;
  readonly known: boolean;
  readonly giveWay: () => void;
  gaveWay: boolean;
}

export interface SlotsInit {
  clock: Clock;
  limit: number;
  /** Milliseconds that a session may run while others wait. */
  giveWayMs: number;
  /**
   * Peers that a quarter of the slots is kept for, and that come before others.
   * @default none; nothing is kept
   */
  knows?: Knows;
}

/** Bounds the sessions at a time. While others wait, the oldest sessions give way. */
export class Slots {
  readonly #init: SlotsInit;
  /** Slots for peers that are not known. */
  readonly #open: number;
  readonly #places: ByteBudget;
  /** Oldest first. */
  readonly #held = new Set<HeldSlot>();
  #waiting = 0;
  #knownWaiting = 0;
  #cancel: Cancel = () => undefined;

  constructor(init: SlotsInit) {
    this.#init = init;
    const { limit } = init;
    this.#open = limit - keptOf(limit, init.knows);
    this.#places = new ByteBudget({ ...init, totalBytes: limit, holderBytes: limit });
  }

  /**
   * Resolves with the release of the slot; rejects with the signal's reason. `giveWay` is called at most
   * once, while the slot is held.
   */
  async take(peer: string, signal: AbortSignal, giveWay: () => void): Promise<Release> {
    const { clock, knows } = this.#init;
    const known = knows?.(peer) ?? false;
    this.#count(known, 1);
    let release: Release;
    try {
      release = await this.#places.take(peer, 1, signal);
    } finally {
      this.#count(known, -1);
    }
    const held: HeldSlot = { since: clock.monotonic(), known, giveWay, gaveWay: false };
    const [holders, { limit }] = [this.#held.size + 1, this.#init];
    if (holders > limit) release();
    invariant(holders <= limit, 'session', 'SLOTS_HELD', [holders, limit]);
    this.#held.add(held);
    this.#watch();
    return () => {
      this.#held.delete(held);
      release();
      this.#watch();
    };
  }

  /** The part of the slots that is held now, 0 to 1. */
  get usedRatio(): number {
    return this.#places.usedRatio;
  }

  #count(known: boolean, by: number): void {
    this.#waiting += by;
    if (known) this.#knownWaiting += by;
    this.#watch();
  }

  /** One session gives way for each waiting session. */
  #watch(): void {
    this.#cancel();
    const { clock, giveWayMs } = this.#init;
    const inTheWay = this.#inTheWay();
    const oldest = inTheWay.find(({ gaveWay }) => !gaveWay);
    const leaving = inTheWay.filter(({ gaveWay }) => gaveWay).length;
    if (oldest === undefined || leaving >= this.#waiting) return;
    const delay = Math.max(0, oldest.since + giveWayMs - clock.monotonic());
    this.#cancel = clock.after(delay, () => {
      oldest.gaveWay = true;
      oldest.giveWay();
      this.#watch();
    });
  }

  /** The sessions whose slots those that wait could have. */
  #inTheWay(): HeldSlot[] {
    const held = [...this.#held];
    const strangers = held.filter(({ known }) => !known);
    if (this.#knownWaiting === 0 && strangers.length >= this.#open) return strangers;
    return held.length >= this.#init.limit ? held : [];
  }
}
