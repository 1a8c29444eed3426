import { bytesToKey, type Clock, type ItemKey, invariant } from '../../store/index.ts';
import { getOrMake } from '../get-or-make.ts';
import { type Knows, keptOf } from '../knows.ts';

interface Hold {
  readonly lacking: Set<string>;
  readonly from: string;
  readonly known: boolean;
  end(here: boolean): void;
}

/** Most of the held messages that may be of one peer, so that others find room. */
const SHARE = 0.5;

export interface HoldsInit {
  clock: Clock;
  holdMs: number;
  maxHeld: number;
  /**
   * Peers that a quarter of the places is kept for.
   * @default none; nothing is kept
   */
  knows?: Knows;
}

/** Messages that wait for the items they announce, bounded in number, in all and a peer, and in time. */
export class Holds {
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly #max: number;
  readonly #open: number;
  readonly #knows: Knows;
  readonly #holds = new Set<Hold>();
  readonly #byId = new Map<string, Set<Hold>>();

  constructor(init: HoldsInit) {
    this.#clock = init.clock;
    this.#holdMs = init.holdMs;
    this.#max = init.maxHeld;
    this.#open = init.maxHeld - keptOf(init.maxHeld, init.knows);
    this.#knows = init.knows ?? (() => false);
  }

  /** Whether there is no room for a further message that came from a peer. */
  full(from: string): boolean {
    if (this.#holds.size >= this.#max) return true;
    const holds = [...this.#holds];
    const strangers = holds.filter(({ known }) => !known).length;
    if (strangers >= this.#open && !this.#knows(from)) return true;
    const held = holds.filter((hold) => hold.from === from).length;
    return held >= Math.ceil(this.#max * SHARE);
  }

  /** Resolves with true once all items are stored, with false after `holdMs`. */
  until(keys: readonly ItemKey[], from: string): Promise<boolean> {
    return new Promise((resolve) => {
      const hold: Hold = {
        from,
        known: this.#knows(from),
        lacking: new Set(keys.map(({ id }) => bytesToKey(id))),
        end: (here) => {
          cancel();
          this.#forget(hold);
          resolve(here);
        },
      };
      const cancel = this.#clock.after(this.#holdMs, () => hold.end(false));
      this.#holds.add(hold);
      invariant(this.#holds.size <= this.#max, 'session', 'HOLDS_BOUND', this.#holds.size);
      for (const key of hold.lacking) {
        getOrMake(this.#byId, key, () => new Set<Hold>()).add(hold);
      }
    });
  }

  stored(keys: readonly ItemKey[]): void {
    if (this.#holds.size === 0) return;
    for (const { id } of keys) {
      const key = bytesToKey(id);
      for (const hold of this.#byId.get(key) ?? []) {
        hold.lacking.delete(key);
        if (hold.lacking.size === 0) hold.end(true);
      }
      this.#byId.delete(key);
    }
  }

  stop(): void {
    for (const hold of this.#holds) hold.end(false);
  }

  #forget(hold: Hold): void {
    this.#holds.delete(hold);
    for (const key of hold.lacking) {
      const waiting = this.#byId.get(key);
      waiting?.delete(hold);
      if (waiting?.size === 0) this.#byId.delete(key);
    }
  }
}
