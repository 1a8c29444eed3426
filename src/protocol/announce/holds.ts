import { bytesToKey, type Clock, type ItemKey } from '../../store/index.ts';

interface Hold {
  readonly lacking: Set<string>;
  readonly from: string;
  end(here: boolean): void;
}

/** Part of all messages held that may be of one peer, so that it does not keep out those of others. */
const SHARE = 0.5;

/** Messages that wait until the items they announce are here, bounded in number, also a peer, and time. */
export class Holds {
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly #max: number;
  readonly #holds = new Set<Hold>();
  readonly #byId = new Map<string, Set<Hold>>();

  constructor(init: { clock: Clock; holdMs: number; maxHeld: number }) {
    this.#clock = init.clock;
    this.#holdMs = init.holdMs;
    this.#max = init.maxHeld;
  }

  /** Whether there is no room for a further message that came from a peer. */
  full(from: string): boolean {
    if (this.#holds.size >= this.#max) return true;
    let held = 0;
    for (const hold of this.#holds) if (hold.from === from) held++;
    return held >= Math.ceil(this.#max * SHARE);
  }

  /** Resolves with true once all of them are stored, with false when that takes too long. */
  until(ids: readonly Uint8Array[], from: string): Promise<boolean> {
    return new Promise((resolve) => {
      const hold: Hold = {
        from,
        lacking: new Set(ids.map(bytesToKey)),
        end: (here) => {
          cancel();
          this.#forget(hold);
          resolve(here);
        },
      };
      const cancel = this.#clock.after(this.#holdMs, () => hold.end(false));
      this.#holds.add(hold);
      for (const key of hold.lacking) this.#waitingFor(key).add(hold);
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

  #waitingFor(key: string): Set<Hold> {
    const known = this.#byId.get(key);
    if (known !== undefined) return known;
    const waiting = new Set<Hold>();
    this.#byId.set(key, waiting);
    return waiting;
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
