import { Alarm, type Clock, type Replica } from '../../store/index.ts';
import { BackOff } from '../backoff.ts';

const CHECK_EVERY_MS = 1_000;

export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** Stops fetching while the replica refuses items, and tries a single item after growing pauses. */
export class Pause {
  readonly #init: { clock: Clock; replica: Replica; resume: () => void };
  readonly #backOff = new BackOff({ baseMs: 1_000, maxMs: 60_000 });
  #reason: Reason | null = null;
  readonly #alarm: Alarm;
  #probing = false;

  constructor(init: { clock: Clock; replica: Replica; resume: () => void }) {
    this.#init = init;
    this.#alarm = new Alarm(init.clock);
  }

  /** The reason while nothing is fetched. */
  get reason(): Reason | null {
    return this.#reason;
  }

  /** Whether any number of items may be asked for. A look takes no probe. */
  get open(): boolean {
    const { refusing } = this.#init.replica;
    return this.#reason === null && refusing === null && !this.#alarm.pending;
  }

  /** Items that may be asked for now: 0 while paused, 1 to find out whether there is room. */
  allowance(): 0 | 1 | 'all' {
    if (this.#alarm.pending || this.#probing) return 0;
    if (this.#init.replica.refusing !== null) {
      this.#wait(CHECK_EVERY_MS);
      return 0;
    }
    if (this.#reason === null) return 'all';
    this.#probing = true;
    return 1;
  }

  /** An item that had been fetched was not stored. */
  refused(reason: Reason): void {
    this.#reason = reason;
    this.#probing = false;
    this.#wait(this.#backOff.next());
  }

  /** A request ended without being refused; something was stored, or not. */
  ended(stored: number): void {
    this.#probing = false;
    if (stored === 0 || this.#alarm.pending) return;
    this.#reason = null;
    this.#backOff.reset();
  }

  stop(): void {
    this.#alarm.cancel();
  }

  #wait(ms: number): void {
    this.#alarm.ensure(ms, this.#init.resume);
  }
}
