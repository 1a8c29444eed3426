import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Database, verifyItem } from '../../../../src/store/index.ts';
import { codes, flip, flipItem, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { coded, item } from '../support.ts';
import { ofHints, pruneAll } from './support.ts';

/** The places with which the records of arrivals begin. */
async function recordsOf({ database }: MemorySet): Promise<number[]> {
  const keys = await database.keys(KEYS.orders).all();
  return keys.map((key) =>
    Number(new DataView(key.buffer, key.byteOffset).getBigUint64(key.length - 8)),
  );
}

/** Lets reads that look for the last record of a range wait once, until the gate opens. */
function holdLastRecord(database: Database): { open: () => void; readonly waits: Promise<void> } {
  const begin = database.iterator.bind(database) as (
    options: object,
  ) => ReturnType<Database['iterator']>;
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  let held = false;
  const hold = (options: { reverse?: boolean }): unknown => {
    const iterator = begin(options);
    if (held || options.reverse !== true) return iterator;
    held = true;
    const nextv = iterator.nextv.bind(iterator) as (size: number) => Promise<unknown>;
    const waiting = async (size: number): Promise<unknown> => {
      const found = await nextv(size);
      reached.resolve();
      await gate.promise;
      return found;
    };
    return Object.assign(iterator, { nextv: waiting });
  };
  Object.assign(database, { iterator: hold });
  return { open: gate.resolve, waits: reached.promise };
}

describe('the order of arrival of a set that is pruned', () => {
  it('loses the records at its beginning of which no item is left', async (t) => {
    const set = await ofHints(0, 1, 2, 3, 4, 5);
    const replica = await set.open(t);
    await pruneAll(replica, 4n);
    assert.deepEqual(await recordsOf(set), [5, 6]);
    const { entries, last } = await replica.arrivals(0, { limit: 9 });
    assert.deepEqual([entries.map(({ seq }) => seq), last], [[5, 6], 6]);
    assert.equal((await replica.arrivals(2, { limit: 9 })).entries.length, 2);
    assert.equal((await replica.verify()).ok, true);
    const { epoch } = replica;
    await replica.close();
    const reopened = await set.open(t);
    const [put] = await reopened.put([item(9)]);
    assert.equal((await reopened.arrivalOf(put!.id))?.seq, 7);
    assert.deepEqual([reopened.epoch, codes(reopened)], [epoch, []]);
  });

  it('may become empty, and goes on with the next place', async (t) => {
    const set = await ofHints(0, 1, 2);
    const replica = await set.open(t);
    await pruneAll(replica, 3n);
    assert.deepEqual(await recordsOf(set), []);
    assert.equal((await replica.verify()).ok, true);
    assert.deepEqual((await replica.arrivals(0, { limit: 9 })).entries, []);
    await replica.close();
    const reopened = await set.open(t);
    await reopened.put([item(7)]);
    assert.deepEqual(await recordsOf(set), [4]);
    await pruneAll(reopened, 8n);
    assert.deepEqual([await recordsOf(set), codes(reopened)], [[], []]);
  });

  it('keeps a record with an item that is held, and all records behind it', async (t) => {
    const set = await ofHints(1, 9, 2, 3);
    const replica = await set.open(t);
    await replica.put([item(4), item(8), item(5)]);
    await pruneAll(replica, 7n);
    assert.deepEqual(await recordsOf(set), [2, 3, 4, 5]);
    await pruneAll(replica, 9n);
    assert.deepEqual(await recordsOf(set), [2, 3, 4, 5]);
    await pruneAll(replica, 10n);
    assert.deepEqual(await recordsOf(set), []);
  });

  it('keeps an item below the floor that is still held, and the place of one that is put aside', async (t) => {
    const set = await ofHints(0, 1, 2, 3);
    const replica = await set.open(t);
    await replica.retention.raise(3n);
    assert.equal(await replica.retention.prune(1n, 9), 1);
    assert.equal(await replica.retention.prune(1n, 9), 0);
    assert.deepEqual(await recordsOf(set), [2, 3, 4]);
    await flipItem(set.database, item(3));
    await assert.rejects(replica.get(idOf(item(3))), coded('STORE_CORRUPT'));
    await pruneAll(replica, 3n);
    assert.deepEqual(await recordsOf(set), [4], 'it may come back');
    await pruneAll(replica, 4n);
    assert.deepEqual(await recordsOf(set), []);
    assert.equal((await replica.verify()).ok, true);
  });

  it('passes over items that are kept out', async (t) => {
    const set = await ofHints(0, 5, 1, 6);
    const replica = await set.open(t);
    await replica.refusals.add([{ id: idOf(item(5)) }], 'spam');
    await pruneAll(replica, 2n);
    assert.deepEqual(await recordsOf(set), [4]);
  });

  it('is trimmed at the first end after a start, where the trimming before was cut off', async (t) => {
    const set = await ofHints(0, 1, 2, 3);
    const replica = await set.open(t);
    await pruneAll(replica, 3n);
    await replica.close();
    await set.database.open();
    const key = (await set.database.keys(KEYS.orders).all())[0]!;
    const left = new Uint8Array(key);
    left[left.length - 1] = 2;
    await set.database.put(left, new Uint8Array(9));
    await set.database.close();
    const reopened = await set.open(t);
    assert.equal((await reopened.verify()).ok, true);
    await pruneAll(reopened, 3n);
    assert.deepEqual(await recordsOf(set), [4]);
  });

  it('goes in several commits where there are many records', async (t) => {
    const set = new MemorySet();
    const replica = await set.open(t, { index: { bufferItems: 5_000 } });
    for (let i = 0; i < 1_100; i++) await replica.put([item(i)]);
    await pruneAll(replica, 1_099n, 500);
    assert.deepEqual(await recordsOf(set), [1_100]);
    assert.equal((await replica.verify()).ok, true);
  });

  it('keeps its epoch when the index is built again', async (t) => {
    const set = await ofHints(0, 1, 2, 3, 4);
    const replica = await set.open(t);
    await pruneAll(replica, 3n);
    const { epoch } = replica;
    await replica.close();
    await set.database.open();
    await flip(set.database, KEYS.tree.meta);
    await set.database.close();
    const rebuilt = await set.open(t);
    await rebuilt.ready();
    assert.equal(rebuilt.epoch, epoch);
    assert.deepEqual(await recordsOf(set), [4, 5]);
  });
});

describe('readers of an order of arrival that is trimmed meanwhile', () => {
  it('read it from where it begins now', async (t) => {
    const set = await ofHints(0, 1, 2, 3, 4, 5);
    const replica = await set.open(t);
    const gate = holdLastRecord(set.database);
    const page = replica.arrivals(0, { limit: 9 });
    await gate.waits;
    await pruneAll(replica, 4n);
    gate.open();
    assert.deepEqual(
      (await page).entries.map(({ seq }) => seq),
      [5, 6],
    );
    assert.deepEqual(codes(replica), []);
  });

  it('find the place of an item that comes back from quarantine, where its record does not know it', async (t) => {
    const set = await ofHints(0, 1, 2, 3, 9);
    const before = await set.open(t);
    await flipItem(set.database, item(9));
    await assert.rejects(before.get(idOf(item(9))), coded('STORE_CORRUPT'));
    await flip(set.database, KEYS.quarantine(idOf(item(9))));
    await before.close();
    const replica = await set.open(t);
    const gate = holdLastRecord(set.database);
    const back = replica.putVerified([verifyItem({ ...item(9), id: idOf(item(9)) })]);
    await gate.waits;
    await pruneAll(replica, 4n);
    gate.open();
    await back;
    assert.equal((await replica.arrivalOf(idOf(item(9))))?.seq, 5);
    assert.deepEqual(codes(replica), []);
  });
});
