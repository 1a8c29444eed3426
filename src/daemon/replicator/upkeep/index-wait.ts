import type { Cancel, Clock, Replica } from '../../../store/index.ts';

/** Milliseconds between two looks at an index that cannot be used. */
const LOOK_EVERY_MS = 1_000;

/** Waits, once asked to, until the index of the replica can be used again. */
export class IndexWait {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #ready: () => void;
  #watching = false;
  #stopped = false;
  #cancel: Cancel | undefined;

  constructor(init: { replica: Replica; clock: Clock; ready: () => void }) {
    this.#replica = init.replica;
    this.#clock = init.clock;
    this.#ready = init.ready;
  }

  /** Whether the index can be used now; if not, waits for it. */
  usable(): boolean {
    const { indexed } = this.#replica;
    if (!indexed) this.watch();
    return indexed;
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
        if (!this.#stopped) this.#ready();
      },
      () => {
        if (this.#stopped) return;
        this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
      },
    );
  }
}
