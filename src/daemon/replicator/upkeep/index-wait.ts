import type { Cancel, Clock, Replica } from '../../../store/index.ts';

/** How often a set that cannot be used is looked at again. */
const LOOK_EVERY_MS = 1_000;

/** Waits, once asked to, until the index of the replica can be used again. */
export class IndexWait {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #recovered: () => void;
  #watching = false;
  #stopped = false;
  #cancel: Cancel | undefined;

  constructor(init: { replica: Replica; clock: Clock; recovered: () => void }) {
    this.#replica = init.replica;
    this.#clock = init.clock;
    this.#recovered = init.recovered;
  }

  watch(): void {
    if (this.#watching || this.#stopped) return;
    this.#watching = true;
    this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #look(): void {
    this.#replica.ready().then(
      () => {
        this.#watching = false;
        if (!this.#stopped) this.#recovered();
      },
      () => {
        if (this.#stopped) return;
        this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
      },
    );
  }
}
