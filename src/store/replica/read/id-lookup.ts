import { ID_BYTES, type ItemKey } from '../../item.ts';
import {
  type Database,
  isBytes,
  type ReadResult,
  tryRead,
  UNREADABLE,
  walk,
} from '../../level/index.ts';
import type { SetKeys } from '../records/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';
import { IdFilter } from './id-filter.ts';

export interface IdLookupInit {
  keys: SetKeys;
  lifecycle: SetLifecycle;
  /**
   * Lookups in vain after which all ids are read into a filter. Raising it lets more lookups ask the
   * disk before that costly reading begins.
   * @default 4_096
   */
  misses?: number;
}

const MISSES = 4_096;

/**
 * Answers whether an id is held. After many lookups in vain, as in an import, all ids are read in the
 * background. From then on few absent ids cost a look at the disk.
 */
export class IdLookup {
  readonly #init: IdLookupInit;
  #misses = 0;
  /** Holds all ids added since reading began; asked only once reading is complete. */
  #filter: IdFilter | null = null;
  #complete = false;

  constructor(init: IdLookupInit) {
    this.#init = init;
  }

  /**
   * Throws `STORE_UNAVAILABLE` while the database cannot be read. An id with an unreadable record counts
   * as absent; scrubber or rebuild write the record of a held id again.
   */
  contains(id: Uint8Array): boolean {
    return isBytes(this.record(id));
  }

  /** `contains` for an item: if the id record is unreadable, the index answers. */
  holds(item: ItemKey): boolean {
    const found = this.record(item.id);
    if (found !== UNREADABLE) return found !== undefined;
    return this.#init.lifecycle.set?.holds(item) ?? false;
  }

  /** The record of an id. */
  record(id: Uint8Array): ReadResult {
    const { lifecycle, keys } = this.#init;
    if (lifecycle.readable && this.#complete && !this.#filter!.mayHold(id)) return undefined;
    const found = tryRead(lifecycle.database, keys.id(id));
    if (found === undefined) this.#misses++;
    return found;
  }

  /** A function that is true only of ids that are not held now. */
  absence(): (id: Uint8Array) => boolean {
    const filter = this.#complete ? this.#filter : null;
    return (id) => filter?.mayHold(id) === false;
  }

  /**
   * To be called before items are added, since snapshots may hold them at any moment. The result is to
   * be called afterwards, for a filter that was begun in between.
   */
  adding(items: readonly { readonly id: Uint8Array }[]): () => void {
    const told = this.#filter;
    for (const { id } of items) told?.add(id);
    return () => {
      const filter = this.#filter;
      if (filter !== told) for (const { id } of items) filter?.add(id);
    };
  }

  /** Forgets the filter: the database was opened, or its ids written, again. */
  reset(empty: boolean): void {
    this.#misses = 0;
    this.#filter = empty ? new IdFilter() : null;
    this.#complete = empty;
  }

  /** Begins to read the ids if that pays. */
  prepare(): void {
    const { lifecycle, misses = MISSES } = this.#init;
    if (this.#filter !== null || this.#misses < misses) return;
    const filter = new IdFilter();
    this.#filter = filter;
    this.#read(lifecycle.database, filter).catch(() => {
      if (this.#filter === filter) this.reset(false);
    });
  }

  async #read(database: Database, filter: IdFilter): Promise<void> {
    for await (const records of walk(database, this.#init.keys.ids, { values: false })) {
      if (this.#filter !== filter) return;
      for (const [key] of records) filter.add(key.subarray(key.length - ID_BYTES));
    }
    if (this.#filter === filter) this.#complete = true;
  }
}
