import { bytesToKey, type Replica, StoreError } from '../../../src/store/index.ts';
import type { History } from './history.ts';

const PAGE = 50;

/** A client that follows the order of arrival of one node, over its restarts. */
export class FeedReader {
  readonly #history: History;
  readonly #violated: (property: string, seen: string) => void;
  #epoch: string | null = null;
  #since = 0;
  /** Items that it was told of in this epoch, and their places. */
  #seen = new Map<string, number>();
  #running: Promise<void> | null = null;
  #again = false;

  constructor(init: { history: History; violated: (property: string, seen: string) => void }) {
    this.#history = init.history;
    this.#violated = init.violated;
  }

  /** Reads to the end; the node may be gone meanwhile. */
  follow(replica: Replica, isAlive: () => boolean): void {
    this.#again = true;
    if (this.#running !== null) return;
    const running: Promise<void> = this.#read(replica, isAlive)
      .catch((error: unknown) => {
        const known = error instanceof StoreError;
        if (isAlive() && !known) this.#violated('feed', `reading failed: ${String(error)}`);
      })
      .finally(() => {
        if (this.#running === running) this.#running = null;
      });
    this.#running = running;
  }

  /** The node has ended: no answer comes any more. */
  ended(): void {
    this.#running = null;
  }

  /** Held items that it was not told of. */
  missing(): number {
    let missing = 0;
    for (const key of this.#history.held.keys()) if (!this.#seen.has(key)) missing++;
    return missing;
  }

  async #read(replica: Replica, isAlive: () => boolean): Promise<void> {
    while (this.#again && isAlive()) {
      this.#again = false;
      for (;;) {
        const entries = await this.#page(replica);
        if (entries < PAGE || !isAlive()) break;
      }
    }
  }

  async #page(replica: Replica): Promise<number> {
    const before = this.#epoch;
    try {
      const init = { limit: PAGE, ...(before !== null && { epoch: before }) };
      const { epoch, entries, last } = await replica.arrivals(this.#since, init);
      this.#epoch = epoch;
      for (const { id, seq } of entries) this.#take(bytesToKey(id), seq);
      if (entries.length < PAGE) this.#since = Math.max(this.#since, last);
      return entries.length;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'FEED_RESET') throw error;
      if (replica.epoch === before) {
        this.#violated('feed', `place ${this.#since} of the running epoch is not known any more`);
      }
      this.#epoch = null;
      this.#since = 0;
      this.#seen.clear();
      return PAGE;
    }
  }

  #take(key: string, seq: number): void {
    if (seq <= this.#since) this.#violated('feed', `place ${seq} behind place ${this.#since}`);
    this.#since = seq;
    const before = this.#seen.get(key);
    if (before !== undefined && !this.#history.excused.has(key)) {
      this.#violated('feed', `an item at place ${before} is at place ${seq} too`);
    }
    this.#seen.set(key, seq);
  }
}
