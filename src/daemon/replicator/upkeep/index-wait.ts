import { Alarm, type Clock, type Replica } from '../../../store/index.ts';

/** Milliseconds between two attempts while the index cannot be used. */
const RETRY_MS = 1_000;

/** Waits, once asked to, until the index of the replica can be used again. */
export class IndexWait {
  readonly #init: { replica: Replica; clock: Clock; ready: () => void };
  readonly #alarm: Alarm;
  #watching = false;
  #stopped = false;

  constructor(init: { replica: Replica; clock: Clock; ready: () => void }) {
    this.#init = init;
    this.#alarm = new Alarm(init.clock);
  }

  /** Whether the index can be used now; if not, waits for it. */
  usable(): boolean {
    const { indexed } = this.#init.replica;
    if (!indexed) this.watch();
    return indexed;
  }

  watch(): void {
    if (this.#watching || this.#stopped) return;
    this.#watching = true;
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm.cancel();
  }

  #wait(): void {
    this.#init.replica.ready().then(
      () => {
        this.#watching = false;
        if (!this.#stopped) this.#init.ready();
      },
      () => {
        if (!this.#stopped) this.#alarm.set(RETRY_MS, () => this.#wait());
      },
    );
  }
}
