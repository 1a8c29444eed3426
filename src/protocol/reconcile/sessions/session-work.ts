import type { Role } from '../dialect.ts';
import type { SessionEnvironment } from './types.ts';

/** Charges the work of a session to its peer. Sessions that we begin never wait. */
export class SessionWork {
  readonly #environment: Pick<SessionEnvironment, 'clock' | 'work'>;
  readonly #peer: string;
  readonly #waits: boolean;

  constructor(environment: Pick<SessionEnvironment, 'clock' | 'work'>, peer: string, role: Role) {
    this.#environment = environment;
    this.#peer = peer;
    this.#waits = role === 'responder';
  }

  run<Result>(work: () => Result): Result {
    return this.#environment.work.run(this.#peer, work);
  }

  /** Waits until the peer owes nothing. */
  async paid(): Promise<void> {
    if (this.#debtMs() > 0) await this.rest();
  }

  /** A turn of the event loop at least. */
  rest(): Promise<void> {
    return new Promise((turn) => void this.#environment.clock.after(this.#debtMs(), turn));
  }

  #debtMs(): number {
    return this.#waits ? this.#environment.work.debtMs(this.#peer) : 0;
  }
}
