import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database, ItemKey } from '../../../../src/store/index.ts';
import { readyBatch } from '../../../../src/store/level/index.ts';
import { isWhole } from '../../../../src/store/replica/check/index.ts';
import type { DurableSet } from '../../../../src/store/replica/durable-set/index.ts';
import { openSet } from '../../../../src/store/replica/durable-set/index.ts';
import { type Inspection, Quarantine } from '../../../../src/store/replica/quarantine/index.ts';
import {
  decodeQuarantined,
  encodeHead,
  encodeQuarantined,
} from '../../../../src/store/replica/records/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { flip, flipItem, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { coded, item, items } from '../support.ts';

const AT = 1_700_000_000_000;

interface Opened {
  readonly database: Database;
  readonly set: DurableSet;
  readonly quarantine: Quarantine;
}

/** A set of 20 items of 20 bytes without a replica. */
async function opened(t: TestContext): Promise<Opened> {
  const { database, clock } = await MemorySet.of(20);
  await database.open();
  const shape = { leafItems: 4, fanout: 4, cacheBytes: 100_000, maxSnapshotAgeMs: 1_000 };
  const { set } = await openSet({ database, keys: KEYS, scheme: wideSum, clock, shape });
  cleanUp(t, () => database.close());
  cleanUp(t, () => set?.close());
  return { database, set: set!, quarantine: new Quarantine({ keys: KEYS, clock }) };
}

function key(number: number): ItemKey {
  return { hint: BigInt(number), id: idOf(item(number)) };
}

async function carryOut(database: Database, { commit }: Inspection): Promise<void> {
  commit.begin();
  const batch = readyBatch(database, commit.fill);
  await batch.write();
  commit.commit(batch.bytes);
}

/** What was found about an item, after it was done about. */
async function inspect(store: Opened, of: ItemKey): Promise<string | null> {
  const inspection = store.quarantine.prepare(store.database, store.set, of);
  if (inspection !== null) await carryOut(store.database, inspection);
  return inspection?.found ?? null;
}

async function aside(database: Database, id: Uint8Array) {
  const record = await database.get(KEYS.quarantine(id));
  return record === undefined ? null : decodeQuarantined(new Uint8Array(record));
}

async function putHead(
  database: Database,
  id: Uint8Array,
  hint: bigint,
  bytes = 20,
): Promise<void> {
  await database.put(KEYS.id(id), encodeHead({ hint, bytes }));
}

function totals({ state: { items: count, bytes } }: DurableSet): [number, number] {
  return [count, bytes];
}

describe('a look at an item', () => {
  it('finds no damage in a whole item, or in an absent one', async (t) => {
    const store = await opened(t);
    assert.equal(await inspect(store, key(7)), null);
    assert.equal(await inspect(store, key(99)), null);
    assert.deepEqual(totals(store.set), [20, 400]);
    assert.equal(store.quarantine.size, 0);
  });

  it('moves a damaged item with its bytes to quarantine, and leaves no record behind', async (t) => {
    const store = await opened(t);
    const { database, set, quarantine } = store;
    await flipItem(database, item(7));
    assert.equal(quarantine.size, 0);
    assert.equal(await inspect(store, key(7)), 'item');
    const damaged = Uint8Array.from(item(7).payload);
    damaged[10]! ^= 4;
    assert.deepEqual(await aside(database, key(7).id), {
      at: AT,
      hint: 7n,
      payload: damaged,
      seq: 8,
    });
    assert.equal(await database.get(KEYS.item(key(7))), undefined);
    assert.equal(await database.get(KEYS.id(key(7).id)), undefined);
    assert.equal(set.holds(key(7)), false);
    assert.deepEqual([totals(set), quarantine.size], [[19, 380], 1]);
    assert.equal(await inspect(store, key(7)), null, 'a second look finds nothing');
    assert.deepEqual([totals(set), quarantine.size], [[19, 380], 1]);
  });

  it('moves an item without a payload to quarantine, with no bytes', async (t) => {
    const store = await opened(t);
    await store.database.del(KEYS.item(key(7)));
    assert.equal(await inspect(store, key(7)), 'item');
    const found = await aside(store.database, key(7).id);
    assert.deepEqual(found, { at: AT, hint: 7n, payload: null, seq: 8 });
    assert.deepEqual(totals(store.set), [19, 380]);
  });

  it('counts the bytes of a damaged item by its id record, else by its payload, else as zero', async (t) => {
    const store = await opened(t);
    const { database, set } = store;
    await database.put(KEYS.item(key(1)), new Uint8Array(5));
    await inspect(store, key(1));
    assert.deepEqual(totals(set), [19, 380], 'by its id record');
    await database.put(KEYS.item(key(2)), new Uint8Array(5));
    await database.del(KEYS.id(key(2).id));
    await inspect(store, key(2));
    assert.deepEqual(totals(set), [18, 375], 'by its bytes');
    await database.del(KEYS.item(key(3)));
    await putHead(database, key(3).id, 4n);
    await inspect(store, key(3));
    assert.deepEqual(totals(set), [17, 375], 'an id record with another hint says nothing');
    await database.del(KEYS.item(key(4)));
    await putHead(database, key(4).id, 4n, 1_000);
    await inspect(store, key(4));
    assert.deepEqual(totals(set), [16, 0], 'never below zero');
  });

  it('rewrites an id record that contradicts the item', async (t) => {
    const store = await opened(t);
    const { database, set, quarantine } = store;
    for (const [damage, seq] of [
      [() => flip(database, KEYS.id(key(7).id), 15), 8],
      [() => putHead(database, key(7).id, 8n), 0],
      [() => database.put(KEYS.id(key(7).id), new Uint8Array(15)), 0],
    ] as const) {
      await damage();
      assert.equal(await inspect(store, key(7)), 'id record');
      const right = encodeHead({ hint: 7n, bytes: 20, seq });
      assert.deepEqual(new Uint8Array((await database.get(KEYS.id(key(7).id)))!), right);
    }
    assert.deepEqual([totals(set), quarantine.size], [[20, 400], 0]);
    assert.equal(await aside(database, key(7).id), null);
  });

  it('keeps an id record that leads to a whole item under another hint', async (t) => {
    const store = await opened(t);
    const { database, set } = store;
    const astray = { hint: 8n, id: key(7).id };
    await database.put(KEYS.item(astray), item(7).payload);
    assert.equal(
      await inspect(store, astray),
      'item',
      'its bytes do not hash to it under this hint',
    );
    assert.ok(await database.get(KEYS.id(key(7).id)));
    assert.deepEqual(totals(set), [20, 400], 'what was not in the set does not leave it');
    assert.equal(await inspect(store, key(7)), null);
  });

  it('deletes an id record that leads to no whole item under another hint', async (t) => {
    const store = await opened(t);
    const { database } = store;
    await putHead(database, key(7).id, 8n);
    await flipItem(database, item(7));
    assert.equal(await inspect(store, key(7)), 'item');
    assert.equal(await database.get(KEYS.id(key(7).id)), undefined);
  });

  it('throws STORE_CORRUPT where the index is wrong', async (t) => {
    const store = await opened(t);
    const { database } = store;
    await database.put(KEYS.item(key(50)), item(50).payload);
    await putHead(database, key(60).id, 60n);
    await database.del(KEYS.id(key(7).id));
    for (const [number, message] of [
      [50, /an item that the index does not hold/],
      [60, /an id record of an item that the index does not hold/],
      [7, /no id record/],
    ] as const) {
      assert.throws(
        () => store.quarantine.prepare(database, store.set, key(number)),
        (error: Error) =>
          (error as { code?: string }).code === 'STORE_CORRUPT' && message.test(error.message),
      );
    }
  });
});

describe('ids in quarantine', () => {
  it('are read from the database, also a second time', async (t) => {
    const { database, quarantine } = await opened(t);
    for (const number of [33, 34]) {
      const value = encodeQuarantined({ at: 1, hint: BigInt(number), payload: null, seq: 0 });
      await database.put(KEYS.quarantine(key(number).id), value);
    }
    await quarantine.load(database);
    assert.equal(quarantine.size, 2);
    assert.deepEqual(quarantine.among(items(35).map((_, i) => key(i))), [key(33).id, key(34).id]);
    await database.del(KEYS.quarantine(key(33).id));
    await quarantine.load(database);
    assert.equal(quarantine.size, 1);
    assert.deepEqual(quarantine.among([key(33)]), []);
    quarantine.restored([key(33)]);
    assert.equal(quarantine.size, 1);
    quarantine.restored([key(34), key(35)]);
    assert.deepEqual([quarantine.size, quarantine.among([key(34)])], [0, []]);
  });

  it('do not count an item whose key was damaged, once it is held under its own', async (t) => {
    const set = await MemorySet.of(20);
    const replica = await set.open(t);
    const { hint, payload } = item(7);
    const wrong = {
      hint,
      id: Uint8Array.from(key(7).id, (byte, i) => (i === 9 ? byte ^ 2 : byte)),
    };
    const { database } = set;
    await database.put(KEYS.item(wrong), payload);
    await database.put(KEYS.id(wrong.id), encodeHead({ hint, bytes: payload.length }));
    await database.del(KEYS.item(key(7)));
    // As after a rebuild from the items, which knows the item by its damaged key only.
    await database.del(KEYS.id(key(7).id));
    await replica.close();
    await database.open();
    await database.del(KEYS.tree.meta);
    const again = await set.open(t);
    await again.ready();
    await assert.rejects(again.get(wrong.id), coded('STORE_CORRUPT'));
    assert.equal(again.status().quarantined, 1);
    await again.put([item(7)]);
    assert.deepEqual([again.status().quarantined, again.size], [0, 20]);
    assert.equal(await database.get(KEYS.quarantine(wrong.id)), undefined);
  });

  it('are none where the item is held under its own key', async (t) => {
    const store = await opened(t);
    const { hint, payload } = item(7);
    const wrong = {
      hint,
      id: Uint8Array.from(key(7).id, (byte, i) => (i === 9 ? byte ^ 2 : byte)),
    };
    await store.database.put(KEYS.item(wrong), payload);
    assert.equal(await inspect(store, wrong), 'item');
    assert.equal(await store.database.get(KEYS.item(wrong)), undefined);
    assert.equal(store.quarantine.size, 0);
    await store.quarantine.load(store.database);
    assert.equal(store.quarantine.size, 0);
  });

  it('come and go twice with an item that is damaged twice', async (t) => {
    const set = await MemorySet.of(20);
    const replica = await set.open(t);
    for (let round = 0; round < 2; round++) {
      await flipItem(set.database, item(7));
      await assert.rejects(replica.get(key(7).id), coded('STORE_CORRUPT'));
      assert.equal(replica.status().quarantined, 1, 'it rises');
      assert.equal((await replica.put([item(7)]))[0]?.created, true);
      assert.equal(replica.status().quarantined, 0, 'it falls');
      assert.equal(await set.database.get(KEYS.quarantine(key(7).id)), undefined);
    }
    assert.equal((await replica.verify()).ok, true);
  });
});

describe('the record of an item in quarantine', () => {
  it('decodes to the fields it was encoded from', () => {
    for (const payload of [null, new Uint8Array(0), new Uint8Array([1, 2, 3])]) {
      const given = { at: 5, hint: 2n ** 64n - 2n, payload, seq: 2 ** 52 - 1 };
      assert.deepEqual(decodeQuarantined(encodeQuarantined(given)), given);
    }
    const early = encodeQuarantined({ at: -1.5, hint: 0n, payload: null, seq: 0 });
    assert.equal(decodeQuarantined(early).at, 0);
    assert.equal(
      decodeQuarantined(encodeQuarantined({ at: 1.9, hint: 0n, payload: null, seq: 0 })).at,
      1,
    );
  });

  it('is refused when it is damaged or too short', () => {
    const record = encodeQuarantined({ at: 5, hint: 6n, payload: null, seq: 0 });
    const flipped = Uint8Array.from(record);
    flipped[flipped.length - 1]! ^= 1;
    assert.throws(() => decodeQuarantined(flipped), { name: 'RecordError' });
    assert.throws(() => decodeQuarantined(record.slice(0, -1)), { name: 'RecordError' });
  });
});

describe('the payload of an id', () => {
  it('is whole or not, without an exception', () => {
    assert.equal(isWhole(key(1), item(1).payload), true);
    assert.equal(isWhole(key(1), item(2).payload), false);
    assert.equal(isWhole({ hint: 1n, id: new Uint8Array(31) }, item(1).payload), false);
  });
});

describe('the clock of the quarantine', () => {
  it('is the one it was given', async (t) => {
    const { database, set } = await opened(t);
    const quarantine = new Quarantine({ keys: KEYS, clock: new VirtualClock(77) });
    await database.del(KEYS.item(key(3)));
    await carryOut(database, quarantine.prepare(database, set, key(3))!);
    assert.equal((await aside(database, key(3).id))?.at, 77);
  });
});
