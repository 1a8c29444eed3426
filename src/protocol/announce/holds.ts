import { bytesToKey, type Clock, type ItemKey } from '../../store/index.ts';

interface Hold {
  readonly lacking: Set<string>;
  end(here: boolean): void;
}

/** Messages that wait until the items they announce are here, bounded in number and time. */
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

  get full(): boolean {
    return this.#holds.size >= this.#max;
  }

  /** Resolves with true once all of them are stored, with false when that takes too long. */
  until(ids: readonly Uint8Array[]): Promise<boolean> {
    return new Promise((resolve) => {
      const hold: Hold = {
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
