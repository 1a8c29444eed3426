import { Alarm } from '../../../store/index.ts';
import type { SharedParts } from '../parts.ts';

const RETRY_MS = 1_000;

interface IndexWaitInit extends Pick<SharedParts, 'replica' | 'clock'> {
  ready: () => void;
}

/** Waits, once asked to, until the index of the replica can be used again. */
export class IndexWait {
  readonly #init: IndexWaitInit;
  readonly #alarm: Alarm;
  #watching = false;
  #stopped = false;

  constructor(init: IndexWaitInit) {
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
