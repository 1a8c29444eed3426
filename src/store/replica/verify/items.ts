import { equalBytes } from '../../bytes.ts';
import { compareKeys, type Item, type ItemKey } from '../../item.ts';
import { tryRead, tryReadMany, UNREADABLE, walk } from '../../level/index.ts';
import type { Snapshot } from '../../storage.ts';
import { isWhole } from '../quarantine/index.ts';
import { decodeItemKey, encodeHead } from '../records/index.ts';
import type { Verification } from './verification.ts';

/** Reads all items, and compares them with their ids, the index and the id records; their totals. */
export async function verifyItems(
  run: Verification,
  index: Snapshot | null,
): Promise<{ items: number; bytes: number }> {
  const { database, snapshot, keys } = run;
  const indexed = new IndexedKeys(run, index);
  let items = 0;
  let bytes = 0;
  const unreadable = run.unreadable('items');
  for await (const records of walk(database, keys.items, { snapshot, unreadable })) {
    const found = itemsOf(run, records);
    for (const item of found) {
      verifyPayload(run, item);
      await indexed.expect(item);
      bytes += item.payload.length;
    }
    await verifyHeads(run, found);
    items += found.length;
    await run.step('items', items);
  }
  await indexed.end();
  items += indexed.hidden.items;
  bytes += indexed.hidden.bytes;
  return { items, bytes };
}

function itemsOf(run: Verification, records: readonly [Uint8Array, Uint8Array][]): Item[] {
  return records.flatMap(([key, payload]) => {
    const item = decodeItemKey(run.keys, key);
    if (item !== null) return [{ ...item, payload }];
    run.findings.add('STRAY_RECORD', key, 'this is no key of an item');
    return [];
  });
}

function verifyPayload({ findings, keys }: Verification, item: Item): void {
  if (isWhole(item, item.payload)) return;
  findings.add('ITEM_DAMAGED', keys.item(item), 'the payload does not hash to the id');
}

async function verifyHeads(run: Verification, items: readonly Item[]): Promise<void> {
  const { database, snapshot, keys, findings } = run;
  const idKeys = items.map(({ id }) => keys.id(id));
  const heads = await tryReadMany(database, idKeys, snapshot);
  items.forEach(({ hint, payload }, i) => {
    const value = heads[i];
    const expected = encodeHead({ hint, bytes: payload.length });
    if (value === undefined) findings.add('ID_RECORD', idKeys[i]!, 'the id record is missing');
    else if (value === UNREADABLE) {
      findings.add('ID_RECORD', idKeys[i]!, 'the id record cannot be read');
    } else if (!equalBytes(value, expected)) {
      findings.add('ID_RECORD', idKeys[i]!, 'the id record says something else than the item');
    }
  });
}

/** The keys of the index, walked side by side with those of the items. */
class IndexedKeys {
  /** Items that only their keys lead to: LevelDB passes over them when it reads in order. */
  readonly hidden: { items: number; bytes: number } = { items: 0, bytes: 0 };
  readonly #run: Verification;
  readonly #keys: Iterator<ItemKey>;
  #next: ItemKey | null = null;
  /** False once the index could not be read on: nothing can be compared with it then. */
  #usable: boolean;

  constructor(run: Verification, index: Snapshot | null) {
    this.#run = run;
    this.#usable = index !== null;
    this.#keys = (index?.keys(0, index.size) ?? [])[Symbol.iterator]();
  }

  /** Says that `key` is the next item. */
  async expect(key: ItemKey): Promise<void> {
    const { findings, keys } = this.#run;
    await this.#skipTo(key);
    if (!this.#usable) return;
    if (this.#next !== null && compareKeys(this.#next, key) === 0) this.#next = null;
    else findings.add('NOT_INDEXED', keys.item(key), 'the index does not hold this item');
  }

  async end(): Promise<void> {
    await this.#skipTo(null);
  }

  /** Notes the keys below `limit`, or all that are left, as missing. */
  async #skipTo(limit: ItemKey | null): Promise<void> {
    for (;;) {
      if (this.#next === null) await this.#advance();
      if (this.#next === null || (limit !== null && compareKeys(this.#next, limit) >= 0)) return;
      await this.#look(this.#next);
      this.#next = null;
    }
  }

  /** Reads by its key an item that did not come by. */
  async #look(key: ItemKey): Promise<void> {
    const { database, snapshot, findings, keys } = this.#run;
    const payload = tryRead(database, keys.item(key), snapshot);
    if (payload === undefined) {
      findings.add('ITEM_MISSING', keys.item(key), 'the payload is missing');
    } else if (payload === UNREADABLE) {
      findings.add('ITEM_DAMAGED', keys.item(key), 'the payload cannot be read');
    } else {
      verifyPayload(this.#run, { ...key, payload });
      await verifyHeads(this.#run, [{ ...key, payload }]);
      this.hidden.items++;
      this.hidden.bytes += payload.length;
    }
  }

  async #advance(): Promise<void> {
    if (!this.#usable) return;
    this.#usable = false;
    await this.#run.findings.guard('INDEX', async () => {
      const next = this.#keys.next();
      this.#next = next.done ? null : next.value;
      this.#usable = true;
    });
  }
}
