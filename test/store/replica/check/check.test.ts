import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database, ItemKey } from '../../../../src/store/index.ts';
import { UNREADABLE } from '../../../../src/store/level/index.ts';
import {
  checkItems,
  type FoundItem,
  findItems,
  idRecordsOf,
  remedyFor,
} from '../../../../src/store/replica/check/index.ts';
import { encodeHead } from '../../../../src/store/replica/records/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { hide, idOf, KEYS } from '../in-memory.ts';
import { item } from '../support.ts';

function key(number: number): ItemKey {
  return { hint: BigInt(number), id: idOf(item(number)) };
}

function whole(number: number): FoundItem {
  const { hint, payload } = item(number);
  const idRecord = encodeHead({ hint, bytes: payload.length });
  return { ...key(number), payload, idRecord };
}

async function opened(t: TestContext): Promise<Database> {
  const database = memoryDatabase();
  await database.open();
  cleanUp(t, () => database.close());
  return database;
}

async function put(database: Database, { hint, id, payload }: FoundItem): Promise<void> {
  await database.put(KEYS.item({ hint, id }), payload);
  await database.put(KEYS.id(id), encodeHead({ hint, bytes: payload.length }));
}

describe('a check of items', () => {
  it('finds nothing about items that agree with index and id records', async (t) => {
    const items = [whole(1), whole(2)];
    const store = { database: await opened(t), keys: KEYS };
    assert.deepEqual([...checkItems(store, items, [key(1), key(2)])], []);
  });

  it('finds faults of payloads, then of the index, then of id records', async (t) => {
    const database = await opened(t);
    await put(database, whole(3));
    await put(database, whole(4));
    hide(database, [], [KEYS.item(key(4))]);
    const items: FoundItem[] = [
      { ...whole(1), payload: new Uint8Array(20) },
      { ...whole(2), idRecord: undefined },
      { ...whole(5), idRecord: encodeHead({ hint: 5n, bytes: 21 }) },
    ];
    const indexed = [key(0), key(1), key(3), key(4), key(5)];
    const found = [...checkItems({ database, keys: KEYS }, items, indexed)].map((one) =>
      one.code === 'PASSED_OVER'
        ? `${one.code} ${one.bytes}`
        : `${one.code} ${one.item.hint} ${one.message}`,
    );
    assert.deepEqual(found, [
      'ITEM_DAMAGED 1 the payload does not hash to the id',
      'ITEM_MISSING 0 the payload is missing',
      'NOT_INDEXED 2 the index does not hold this item',
      'PASSED_OVER 20',
      'ITEM_DAMAGED 4 the payload cannot be read',
      'ID_RECORD 2 the id record is missing',
      'ID_RECORD 5 the id record says something else than the item',
    ]);
  });
});

describe('the remedy for an item', () => {
  it('follows from its payload, its id record and the index', () => {
    const { payload, idRecord } = whole(1);
    const damaged = new Uint8Array(20);
    const wrong = encodeHead({ hint: 1n, bytes: 21 });
    const other = encodeHead({ hint: 2n, bytes: 20 });
    type Reads = Parameters<typeof remedyFor>[1];
    const cases: [Reads, boolean, string | null][] = [
      [{ payload, idRecord }, true, null],
      [{ payload, idRecord: wrong }, true, 'id record'],
      [{ payload, idRecord: UNREADABLE }, true, 'id record'],
      [{ payload, idRecord: undefined }, true, 'index'],
      [{ payload, idRecord }, false, 'index'],
      [{ payload: damaged, idRecord }, true, 'item'],
      [{ payload: damaged, idRecord }, false, 'item'],
      [{ payload: undefined, idRecord }, true, 'item'],
      [{ payload: UNREADABLE, idRecord: undefined }, true, 'item'],
      [{ payload: undefined, idRecord }, false, 'index'],
      [{ payload: undefined, idRecord: other }, false, null],
      [{ payload: UNREADABLE, idRecord: undefined }, false, null],
    ];
    for (const [index, [reads, indexed, mend]] of cases.entries()) {
      assert.equal(remedyFor(key(1), reads, indexed)?.mend ?? null, mend, `case ${index}`);
    }
  });
});

describe('a page of records', () => {
  it('gives items with their id records, and the keys that are none of an item', async (t) => {
    const database = await opened(t);
    await put(database, whole(1));
    const stray = KEYS.items.gte;
    const page: [Uint8Array, Uint8Array][] = [
      [stray, new Uint8Array(1)],
      [KEYS.item(key(1)), item(1).payload],
      [KEYS.item(key(2)), item(2).payload],
    ];
    const found = await findItems(database, KEYS, page);
    assert.deepEqual(found.strays, [stray]);
    assert.deepEqual(found.items, [whole(1), { ...whole(2), idRecord: undefined }]);
  });

  it('names the item of each id record; none for a hint that no item has', () => {
    const idKey = KEYS.id(key(1).id);
    const items = [
      encodeHead({ hint: 1n, bytes: 20 }),
      encodeHead({ hint: 2n ** 64n - 1n, bytes: 20 }),
      new Uint8Array(7),
      new Uint8Array(8),
    ].map((value) => idRecordsOf(KEYS, [[idKey, value]])[0]?.key?.hint);
    assert.deepEqual(items, [1n, undefined, undefined, 0n]);
    const short = idRecordsOf(KEYS, [[KEYS.ids.gte, encodeHead({ hint: 1n, bytes: 20 })]]);
    assert.deepEqual(short[0]?.key, null);
  });
});
