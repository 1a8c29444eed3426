import type { ItemKey } from '../../item.ts';
import { passOver, tryHasMany, walk } from '../../level/index.ts';
import { rankBehind } from '../../ranks.ts';
import type { Snapshot } from '../../storage.ts';
import {
  checkItems,
  countRecords,
  type FoundItem,
  findItems,
  idRecordsOf,
} from '../check/index.ts';
import { totalBytes } from '../payload-bytes.ts';
import type { VerifyResult } from './types.ts';
import type { Verification } from './verification.ts';

/** So many are compared in some two milliseconds. */
const STEP_ITEMS = 256;

/** The items that a verification found. */
export type VerifiedTotals = Pick<VerifyResult, 'items' | 'bytes' | 'pending'>;

/** Reads all items, and compares them with their ids, the index and the id records; their totals. */
export async function verifyItems(
  run: Verification,
  index: Snapshot | null,
): Promise<VerifiedTotals> {
  const { database, snapshot, keys } = run;
  const pages = new ItemPages(run, index);
  const options = { snapshot, records: STEP_ITEMS, unreadable: run.unreadable('items') };
  for await (const page of walk(database, keys.items, options)) {
    const { items, strays } = await findItems(database, keys, page, snapshot);
    for (const key of strays) run.add('STRAY_RECORD', key, 'this is no key of an item');
    if (items.length > 0) pages.check(items);
    await run.step('items', pages.totals.items);
  }
  pages.check([]);
  return pages.totals;
}

/**
 * Looks for stray id records if there are more of them than items, each of which has one. Returns the number
 * of the others.
 */
export async function verifyIds(run: Verification, items: number): Promise<number> {
  const { database, snapshot, keys } = run;
  const options = { snapshot, unreadable: run.unreadable('id records') };
  const ids = await countRecords(database, keys.ids, options, (done) => run.step('ids', done));
  if (ids <= items) return ids;
  let strays = 0;
  for await (const page of walk(database, keys.ids, { snapshot, unreadable: passOver })) {
    const records = idRecordsOf(keys, page);
    const itemKeys = records.map(({ key, idKey }) => (key === null ? idKey : keys.item(key)));
    const there = await tryHasMany(database, itemKeys, snapshot);
    records.forEach(({ idKey, key }, i) => {
      if (key !== null && there[i]) return;
      strays++;
      run.add('ID_RECORD', idKey, 'there is no such item');
    });
  }
  return ids - strays;
}

/** Compares the items with the index, from page to page. */
class ItemPages {
  readonly totals = { items: 0, bytes: 0, pending: 0 };
  readonly #run: Verification;
  /** Null once the index cannot be read on: nothing can be compared with it then. */
  #index: Snapshot | null;
  #rank = 0;

  constructor(run: Verification, index: Snapshot | null) {
    this.#run = run;
    this.#index = index;
  }

  /** Checks the next items; none: the keys of the index behind the last item. */
  check(items: readonly FoundItem[]): void {
    this.#count(items.length, totalBytes(items));
    const { floor } = this.#run.state;
    this.totals.pending += items.filter(({ hint }) => hint < floor).length;
    for (const found of checkItems(this.#run, items, this.#indexed(items.at(-1)))) {
      if (found.code === 'PASSED_OVER') this.#count(1, found.bytes);
      else if (found.code !== 'NOT_INDEXED' || this.#index !== null)
        this.#run.add(found.code, found.record, found.message);
    }
  }

  #count(items: number, bytes: number): void {
    this.totals.items += items;
    this.totals.bytes += bytes;
  }

  *#indexed(last: ItemKey | undefined): Generator<ItemKey> {
    if (this.#index === null) return;
    try {
      const end = last === undefined ? this.#index.size : rankBehind(this.#index, last);
      yield* this.#index.keys(this.#rank, end);
      this.#rank = end;
    } catch (error) {
      this.#index = null;
      this.#run.note('INDEX', error);
    }
  }
}
