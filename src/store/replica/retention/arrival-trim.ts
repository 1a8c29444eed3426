import { type Database, walkOnce } from '../../level/index.ts';
import { neededFrom } from '../arrivals/index.ts';
import type { Committer } from '../commit/index.ts';
import type { SetKeys, SetState } from '../records/index.ts';
import { readSet } from './read-set.ts';

export interface ArrivalTrimInit {
  keys: SetKeys;
  committer: Committer;
}

/** Records deleted in one commit. */
const STALE = 1_024;

/**
 * Drops the records at the beginning of the order of arrival of which no item is left. A commit notes the new
 * beginning, and the next one deletes the records before it.
 */
export class ArrivalTrim {
  readonly #init: ArrivalTrimInit;
  #running: Promise<void> | null = null;
  /** No record before this place is left. LevelDB passes over deleted records one by one. */
  #cleared = { order: 0n, to: 0 };

  constructor(init: ArrivalTrimInit) {
    this.#init = init;
  }

  /** Goes on up to the first record that is needed. Rejects with `StoreError`. */
  run(): Promise<void> {
    this.#running ??= this.#steps().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #steps(): Promise<void> {
    while (await this.#step());
  }

  /** False at the end. */
  async #step(): Promise<boolean> {
    const { keys, committer } = this.#init;
    const found = await readSet(committer, async (database, { state }) => ({
      state,
      begin: await neededFrom({ database, keys, state }),
      stale: await this.#stale(database, state),
    }));
    const { state, begin, stale } = found;
    if (begin === state.arrivalsBegin && stale.length === 0) return false;
    const same = await committer.commit((set) =>
      set.state.order === state.order ? set.trim(begin, stale) : null,
    );
    if (same && stale.length < STALE)
      this.#cleared = { order: state.order, to: state.arrivalsBegin };
    return same;
  }

  async #stale(database: Database, { order, arrivalsBegin }: SetState): Promise<Uint8Array[]> {
    const { keys } = this.#init;
    const from = this.#cleared.order === order ? this.#cleared.to : 0;
    const range = { gte: keys.arrivals(order, from), lt: keys.arrivals(order, arrivalsBegin) };
    const records = await walkOnce(database, range, { values: false, records: STALE });
    return records.map(([key]) => key);
  }
}
