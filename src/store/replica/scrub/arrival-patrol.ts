import { StoreError } from '../../errors.ts';
import { type Database, fillWith, tryRead } from '../../level/index.ts';
import { auditArrivals, type EntryHead, replaced } from '../arrivals/index.ts';
import type { Committer } from '../commit/index.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import { placeIn, type SetKeys } from '../records/index.ts';

export interface ArrivalPatrolInit {
  keys: SetKeys;
  committer: Pick<Committer, 'commit'>;
}

/**
 * Checks the order of arrival, some places at a time, round and round: no place is missing, and each item
 * is held, in quarantine, or has left for good. Writes places into id records that do not name them.
 */
export class ArrivalPatrol {
  readonly #init: ArrivalPatrolInit;
  #order = 0n;
  #next = 1;

  constructor(init: ArrivalPatrolInit) {
    this.#init = init;
  }

  /**
   * Checks the next places, as of one moment. Throws `STORE_CORRUPT` at the first fault. After a failed read
   * the next step goes on behind it.
   */
  async step(database: Database, set: DurableSet, places: number): Promise<void> {
    const { keys } = this.#init;
    const { state } = set;
    const snapshot = database.snapshot();
    try {
      const place = { database, keys, state, snapshot };
      if (this.#order !== state.order || this.#next > state.arrivals) this.#begin(state.order);
      const begin = this.#next;
      const end = begin + places;
      this.#next = end;
      for await (const part of auditArrivals(place, begin)) {
        const [gone] = part.gone;
        if (gone !== undefined) throw dangling(gone.seq);
        for (const entry of part.misplaced) await this.#mend(database, entry);
        this.#next = Math.max(end, part.next);
        if (part.next >= end) return;
      }
    } finally {
      await snapshot.close();
    }
  }

  #begin(order: bigint): void {
    this.#order = order;
    this.#next = 1;
  }

  /** Looks again in its turn: the item may have been put aside. */
  async #mend(database: Database, entry: EntryHead): Promise<void> {
    const { keys, committer } = this.#init;
    const order = this.#order;
    await committer.commit((set): PreparedCommit | null => {
      const record = tryRead(database, keys.id(entry.id));
      if (set.state.order !== order || placeIn(record) === entry.seq) return null;
      const operations = replaced(keys, { ...entry, record });
      return operations.length === 0 ? null : set.write((sink) => fillWith(sink, operations));
    });
  }
}

function dangling(seq: number): StoreError {
  const problem = `place ${seq} of the order of arrival is of an item that is neither held nor in quarantine`;
  return new StoreError('STORE_CORRUPT', problem);
}
