import { Alarm, type Clock, type Replica } from '../../../store/index.ts';

/** Milliseconds between two looks at an index that cannot be used. */
const LOOK_EVERY_MS = 1_000;

/** Waits, once asked to, until the index of the replica can be used again. */
export class IndexWait {
  readonly #replica: Replica;
  readonly #ready: () => void;
  readonly #alarm: Alarm;
  #watching = false;
  #stopped = false;

  constructor(init: { replica: Replica; clock: Clock; ready: () => void }) {
    this.#replica = init.replica;
    this.#ready = init.ready;
    this.#alarm = new Alarm(init.clock);
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
    this.#alarm.cancel();
  }

  #look(): void {
    this.#replica.ready().then(
      () => {
        this.#watching = false;
        if (!this.#stopped) this.#ready();
      },
      () => {
        if (!this.#stopped) this.#alarm.set(LOOK_EVERY_MS, () => this.#look());
      },
    );
  }
}
