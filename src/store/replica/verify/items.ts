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
import type { Totals } from '../records/index.ts';
import type { Verification } from './verification.ts';

/** Reads all items, and compares them with their ids, the index and the id records; their totals. */
export async function verifyItems(run: Verification, index: Snapshot | null): Promise<Totals> {
  const { database, snapshot, keys } = run;
  const indexed = new IndexedKeys(run, index);
  const totals = { items: 0, bytes: 0 };
  const unreadable = run.unreadable('items');
  for await (const page of walk(database, keys.items, { snapshot, unreadable })) {
    const { items, strays } = await findItems(database, keys, page, snapshot);
    for (const key of strays) run.add('STRAY_RECORD', key, 'this is no key of an item');
    if (items.length > 0) verifyPage(run, items, indexed, totals);
    await run.step('items', totals.items);
  }
  verifyPage(run, [], indexed, totals);
  return totals;
}

/** Checks the next items; none: what the index holds behind the last one. */
function verifyPage(
  run: Verification,
  items: readonly FoundItem[],
  indexed: IndexedKeys,
  totals: { items: number; bytes: number },
): void {
  totals.items += items.length;
  totals.bytes += totalBytes(items);
  for (const found of checkItems(run, items, indexed.upTo(items.at(-1)))) {
    if (found.code === 'PASSED_OVER') {
      totals.items++;
      totals.bytes += found.bytes;
    } else if (found.code !== 'NOT_INDEXED' || indexed.readable) {
      run.add(found.code, found.record, found.message);
    }
  }
}

/**
 * Compares the number of id records with that of the items, each of which was seen to have one; only
 * when there are more are the stray ones looked for.
 */
export async function verifyIds(run: Verification, items: number): Promise<void> {
  const { database, snapshot, keys } = run;
  const options = { snapshot, unreadable: run.unreadable('id records') };
  const ids = await countRecords(database, keys.ids, options, (done) => run.step('ids', done));
  if (ids <= items) return;
  for await (const page of walk(database, keys.ids, { snapshot, unreadable: passOver })) {
    const records = idRecordsOf(keys, page);
    const itemKeys = records.map(({ key, idKey }) => (key === null ? idKey : keys.item(key)));
    const there = await tryHasMany(database, itemKeys, snapshot);
    records.forEach(({ idKey, key }, i) => {
      if (key === null || !there[i]) run.add('ID_RECORD', idKey, 'there is no such item');
    });
  }
}

/** The keys of the index, from page to page. */
class IndexedKeys {
  readonly #run: Verification;
  readonly #index: Snapshot | null;
  #rank = 0;
  /** False once the index could not be read on: nothing can be compared with it then. */
  readable: boolean;

  constructor(run: Verification, index: Snapshot | null) {
    this.#run = run;
    this.#index = index;
    this.readable = index !== null;
  }

  /** The next keys, up to one or to the end. What cannot be read is a problem, and ends them. */
  *upTo(last: ItemKey | undefined): Generator<ItemKey> {
    if (this.#index === null || !this.readable) return;
    try {
      const end = last === undefined ? this.#index.size : rankBehind(this.#index, last);
      yield* this.#index.keys(this.#rank, end);
      this.#rank = end;
    } catch (error) {
      this.readable = false;
      this.#run.note('INDEX', error);
    }
  }
}
