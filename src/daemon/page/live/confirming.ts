import type { Change } from '../../schemas/index.ts';
import { type PageEvent, peersHolding } from '../state/index.ts';
import { pause } from './pause.ts';
import type { PageClock } from './types.ts';

/** Items in one read from which on the set is busy: proofs of equal sets would not come. */
const BUSY_ITEMS = 20;
/** Questions about one item; a peer that keeps lacking it is asked no faster than others then. */
const MAX_ASKED = 5;

/** Times between questions, in milliseconds. */
interface QuestionTimes {
  readonly pushMs: number;
  readonly againMs: number;
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/** Whether the newest item still has to be proved at all peers. */
export class Confirming {
  #newest: Change | null = null;
  #asked = 0;
  #wake: () => void = () => {};

  get isWanted(): boolean {
    return this.#newest !== null;
  }

  hear(event: PageEvent): void {
    if (event.type === 'arrivals') {
      const { entries, skipped } = event;
      const last = entries.at(-1);
      if (last === undefined) return;
      this.#newest = entries.length + skipped < BUSY_ITEMS ? last : null;
      this.#asked = 0;
      if (this.isWanted) this.#wake();
    } else if (event.type === 'proofs' && this.#newest !== null) {
      const { peers } = event;
      const isEverywhere = peersHolding(this.#newest, peers) === peers.length;
      if (isEverywhere || ++this.#asked >= MAX_ASKED) this.#newest = null;
    }
  }

  /**
   * Waits for the next question: a short time behind a new item, so that it can be pushed, a longer one before
   * further questions about it, and else the longest.
   */
  async wait(clock: Pick<PageClock, 'after'>, times: QuestionTimes): Promise<void> {
    const { pushMs, againMs, idleMs, signal } = times;
    if (this.isWanted && this.#asked > 0) return pause(clock, againMs, signal);
    if (!this.isWanted) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await pause(clock, idleMs, AbortSignal.any([signal, woken.signal]));
      this.#wake = () => {};
    }
    if (this.isWanted) await pause(clock, pushMs, signal);
  }
}
