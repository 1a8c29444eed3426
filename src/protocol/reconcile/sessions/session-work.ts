import type { Role } from '../dialect.ts';
import type { SessionEnvironment } from './types.ts';

type WorkEnvironment = Pick<SessionEnvironment, 'clock' | 'work' | 'turns'>;

/** Charges the work of a session to its peer. Sessions that we begin never wait for the peer's rate. */
export class SessionWork {
  readonly #environment: WorkEnvironment;
  readonly #peer: string;
  readonly #waits: boolean;

  constructor(environment: WorkEnvironment, peer: string, role: Role) {
    this.#environment = environment;
    this.#peer = peer;
    this.#waits = role === 'responder';
  }

  /** Runs a slice in a turn of the event loop that has time for it. */
  run<Result>(slice: () => Result): Promise<Result> {
    const { turns, work } = this.#environment;
    return turns.run(() => work.run(this.#peer, slice));
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
