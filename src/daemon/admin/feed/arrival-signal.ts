import type { Clock } from '../../../store/index.ts';
import type { ArrivalFeed } from '../../node-api.ts';

export interface ArrivalSignalInit {
  feed: Pick<ArrivalFeed, 'onArrival'>;
  clock: Clock;
  /** Ends waiting. */
  signal: AbortSignal;
}

/** Tells a reader that items have arrived. It keeps one bit, however many items a slow reader misses. */
export class ArrivalSignal {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #unsubscribe: () => void;
  #arrived = false;
  #wake: () => void = () => undefined;

  constructor({ feed, clock, signal }: ArrivalSignalInit) {
    this.#clock = clock;
    this.#signal = signal;
    this.#unsubscribe = feed.onArrival(() => {
      this.#arrived = true;
      this.#wake();
    });
  }

  /** Forgets arrivals so far. A reader calls it before it reads, so that it misses none. */
  clear(): void {
    this.#arrived = false;
  }

  /** Resolves with true once something has arrived, and with false after `ms`, or when the signal aborts. */
  async wait(ms: number): Promise<boolean> {
    if (this.#arrived || this.#signal.aborted) return this.#arrived;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const cancel = this.#clock.after(ms, wake);
    this.#wake = wake;
    this.#signal.addEventListener('abort', wake);
    await promise;
    this.#signal.removeEventListener('abort', wake);
    cancel();
    return this.#arrived;
  }

  close(): void {
    this.#unsubscribe();
  }
}
