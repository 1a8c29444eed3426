import type { Item } from '../../item.ts';
import { findArrivals, trimmedSince } from '../arrivals/index.ts';
import type { Committer, Merger, SlicePace } from '../commit/index.ts';
import {
  type DurableSet,
  isDamage,
  type PreparedCommit,
  type SourceRun,
} from '../durable-set/index.ts';
import type { Quarantine } from '../quarantine/index.ts';
import type { IdLookup } from '../read/index.ts';
import type { SetKeys } from '../records/index.ts';
import type { RefusalStore } from '../refusals/index.ts';
import type { SetChanges } from '../set-changes.ts';
import * as storeErrors from '../store-errors.ts';

/** Places in one order of arrival, by `bytesToKey` of their ids. */
interface KnownPlaces {
  readonly order: bigint;
  readonly epoch: bigint;
  readonly places: ReadonlyMap<string, number>;
}

export interface SetWriterInit {
  keys: SetKeys;
  committer: Committer;
  lookup: IdLookup;
  quarantine: Quarantine;
  refusals: RefusalStore;
  merger: Merger;
  changes: SetChanges;
  /** Learns how long an item takes in a commit. */
  pace: SlicePace;
}

/** Writes batches of new items, and keeps lookup, quarantine and listeners in step with the set. */
export class SetWriter {
  readonly #init: SetWriterInit;

  constructor(init: SetWriterInit) {
    this.#init = init;
  }

  /** @param sources Where the items came from. @default they were put here */
  async write(items: readonly Item[], sources?: readonly SourceRun[]): Promise<void> {
    const { committer, lookup, merger, pace } = this.#init;
    await merger.room();
    const added = lookup.adding(items);
    const committed = (): void => this.#committed(items, added);
    const options = { late: committed, alone: false };
    let known: KnownPlaces | null = null;
    const add = (set: DurableSet): PreparedCommit | null => {
      const settled = this.#settled(items);
      if (settled.length === 0) return set.add(items, [], { sources });
      const { order, epoch } = set.state;
      if (known?.order !== order || known.epoch !== epoch) return null;
      return set.add(items, settled, { sources, placed: known.places });
    };
    const measured = (set: DurableSet): PreparedCommit | null =>
      pace.measured(() => {
        const commit = add(set);
        return commit && { ...commit, work: items.length };
      });
    const prepare = pace.tells(items.length) ? measured : add;
    while (!(await committer.commit(prepare, options))) known = await this.#placed(items);
    committed();
  }

  /** The keys of the records that say why some of `items` were not in the set. */
  #settled(items: readonly Item[]): Uint8Array[] {
    const { keys, quarantine, refusals } = this.#init;
    return [
      ...quarantine.among(items).map((id) => keys.quarantine(id)),
      ...refusals.recordsOf(items),
    ];
  }

  /**
   * The places of those of `items` that were in the set before: an item that comes back is no new arrival.
   */
  async #placed(items: readonly Item[]): Promise<KnownPlaces> {
    const { committer, keys, quarantine, refusals } = this.#init;
    const database = await committer.lifecycle.reader();
    const { state } = committer.lifecycle.use();
    try {
      const placed = [...quarantine.placed(items), ...refusals.dropped.among(items)];
      const places = await findArrivals({ database, keys, state }, placed);
      const { order, epoch } = state;
      return { order, epoch, places };
    } catch (error) {
      if (trimmedSince(state, committer.lifecycle.state)) return this.#placed(items);
      committer.met(error);
      throw isDamage(error) ? storeErrors.rebuilding() : error;
    }
  }

  /** A set was opened, or opened again. */
  async serving(): Promise<void> {
    const { committer, lookup, quarantine, refusals, merger, changes } = this.#init;
    const { lifecycle } = committer;
    changes.moved();
    changes.arrived(lifecycle.state);
    lookup.reset(lifecycle.state.items === 0);
    await quarantine.load(lifecycle.database);
    await refusals.load(lifecycle.database);
    void merger.begin();
  }

  #committed(items: readonly Item[], added: () => void): void {
    const { committer, lookup, quarantine, refusals, merger, changes } = this.#init;
    changes.moved();
    changes.arrived(committer.lifecycle.state);
    added();
    lookup.prepare();
    quarantine.restored(items);
    refusals.returned(items);
    merger.wake();
    changes.onAdded.tell(() => items.map(({ hint, id }) => ({ hint, id })));
  }
}
