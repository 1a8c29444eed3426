import { ID_BYTES, type ItemKey } from '../../item.ts';
import type { Database } from '../../level/index.ts';
import { isBytes, type ReadResult, tryRead, UNREADABLE, walk } from '../../level/index.ts';
import type { SetKeys } from '../records/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';
import { IdFilter } from './id-filter.ts';

export interface IdLookupInit {
  keys: SetKeys;
  lifecycle: SetLifecycle;
  /**
   * Lookups in vain after which all ids are read into a filter. Raising it spares reading them for few
   * lookups, and has more of those ask the disk.
   * @default 4_096
   */
  misses?: number;
}

const MISSES = 4_096;

/**
 * Answers whether an id is held. Once many lookups were in vain, as when items are imported, all ids
 * are read in the background, and from then on few absent ids cost a look at the disk.
 */
export class IdLookup {
  readonly #init: IdLookupInit;
  #misses = 0;
  /** What was added since reading began; asked only when that is through. */
  #filter: IdFilter | null = null;
  #complete = false;

  constructor(init: IdLookupInit) {
    this.#init = init;
  }

  /**
   * Throws `STORE_UNAVAILABLE` while the database cannot be read. An id whose record cannot be read
   * counts as absent: nearly all ids that are looked up in vain share a block with others, and those
   * that are there get another record when the scrubber, or a rebuild, comes by.
   */
  contains(id: Uint8Array): boolean {
    return this.record(id) !== undefined;
  }

  /** The same for an item: the index is asked where the id record cannot be. */
  holds(item: ItemKey): boolean {
    const found = this.#find(item.id);
    if (found !== UNREADABLE) return found !== undefined;
    return this.#init.lifecycle.set?.holds(item) ?? false;
  }

  /** The record of an id that is held, as `contains` has it. */
  record(id: Uint8Array): Uint8Array | undefined {
    const found = this.#find(id);
    return isBytes(found) ? found : undefined;
  }

  #find(id: Uint8Array): ReadResult {
    const { lifecycle, keys } = this.#init;
    if (lifecycle.readable && this.#complete && !this.#filter!.mayHold(id)) return undefined;
    const found = tryRead(lifecycle.database, keys.id(id));
    if (found === undefined) this.#misses++;
    return found;
  }

  /** What is true only of ids that are not held now, whatever is added later. */
  absence(): (id: Uint8Array) => boolean {
    const filter = this.#complete ? this.#filter : null;
    return (id) => filter?.mayHold(id) === false;
  }

  /**
   * Items are about to be added: snapshots may hold them any moment. To be called again once they are,
   * for a filter that began to read the ids in between.
   */
  adding(items: readonly { readonly id: Uint8Array }[]): () => void {
    const told = this.#filter;
    for (const { id } of items) told?.add(id);
    return () => {
      const filter = this.#filter;
      if (filter !== told) for (const { id } of items) filter?.add(id);
    };
  }

  /** Forgets what it knew: the database was opened, or its ids written, again. */
  reset(empty: boolean): void {
    this.#misses = 0;
    this.#filter = empty ? new IdFilter() : null;
    this.#complete = empty;
  }

  /** Begins to read the ids when that pays; what is added from here on must be told to `adding`. */
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
