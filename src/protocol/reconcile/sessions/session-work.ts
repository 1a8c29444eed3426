import type { SessionEnvironment } from './types.ts';

type WorkEnvironment = Pick<SessionEnvironment, 'clock' | 'work' | 'turns'>;

/**
 * Charges the work of a session to its peer, whichever side began it: a hostile peer need not call, since
 * it is called.
 */
export class SessionWork {
  readonly #environment: WorkEnvironment;
  readonly #peer: string;

  constructor(environment: WorkEnvironment, peer: string) {
    this.#environment = environment;
    this.#peer = peer;
  }

  /** Runs a slice in a turn of the event loop that has time for it. */
  run<Result>(slice: () => Result): Promise<Result> {
    const { turns, work } = this.#environment;
    return turns.run(() => work.run(this.#peer, slice));
  }

  /** Waits until the peer owes nothing; rejects with the signal's reason if that comes first. */
  async paid(signal: AbortSignal): Promise<void> {
    if (this.#debtMs() === 0) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        cancel();
        reject(signal.reason);
      };
      const cancel = this.#environment.clock.after(this.#debtMs(), () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      });
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** A turn of the event loop at least. */
  rest(): Promise<void> {
    return new Promise((turn) => void this.#environment.clock.after(this.#debtMs(), turn));
  }

  #debtMs(): number {
    return this.#environment.work.debtMs(this.#peer);
  }
}
