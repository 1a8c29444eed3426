import { Alarm, type Clock } from '../../../store/index.ts';
import { BackOff } from '../../backoff.ts';

interface RetryInit {
  readonly clock: Clock;
  /** Whether items are taken again. */
  readonly isReady: () => boolean;
  readonly retry: () => void;
}

const BASE_MS = 2_000;
const MAX_MS = 300_000;

/**
 * Has refused items of peers looked for once they may be taken. It remembers no item: sessions find them. Pauses
 * grow while items go on being refused.
 */
export class Retry {
  readonly #init: RetryInit;
  readonly #alarm: Alarm;
  readonly #backOff = new BackOff({ baseMs: BASE_MS, maxMs: MAX_MS });
  #notedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(init: RetryInit) {
    this.#init = init;
    this.#alarm = new Alarm(init.clock);
  }

  /** An item was refused for a reason that ends. */
  note(): void {
    if (this.#stopped) return;
    const now = this.#init.clock.monotonic();
    if (now - this.#notedAt > 2 * MAX_MS) this.#backOff.reset();
    this.#notedAt = now;
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm.cancel();
  }

  #arm(): void {
    if (!this.#alarm.pending) this.#alarm.set(this.#backOff.next(), () => this.#due());
  }

  #due(): void {
    const { isReady, retry } = this.#init;
    if (isReady()) retry();
    else this.#arm();
  }
}
