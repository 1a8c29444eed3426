import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Database, verifyItem } from '../../../../src/store/index.ts';
import { encodeHead, placeIn } from '../../../../src/store/replica/records/index.ts';
import { codes, flip, flipItem, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { MemoryWitness } from '../on-disk.ts';
import { coded, gateBatches, item, items, pass } from '../support.ts';
import { hintsOf, wholeOrder } from './support.ts';

async function keyOf(database: Database, number: number): Promise<Uint8Array> {
  const keys = await database.keys({ gte: KEYS.orders.gte, lt: KEYS.orders.lt }).all();
  return keys[number]!;
}

/** A set of ten items, each in a commit of its own; `damage` has changed its database. */
async function tenItems(damage: (database: Database) => Promise<unknown>) {
  const set = await MemorySet.of([]);
  const t = { after: () => undefined };
  const replica = await set.open(t as never);
  for (const one of items(10)) await replica.put([one]);
  const { epoch } = replica;
  await replica.close();
  await set.database.open();
  await damage(set.database);
  await set.database.close();
  return { set, epoch };
}

const inOrder = (hints: readonly number[]): number[] => [...hints].sort((a, b) => a - b);
const TEN = items(10).map(({ hint }) => Number(hint));

describe('an order of arrival that cannot be trusted', () => {
  const damages: [string, (database: Database) => Promise<unknown>][] = [
    ['its last record is damaged', async (of) => flip(of, await keyOf(of, 9))],
    ['its last record is missing', async (of) => of.del(await keyOf(of, 9))],
    ['all its records are missing', (of) => of.clear(KEYS.orders)],
    ['the state is gone', (of) => of.del(KEYS.state)],
  ];
  for (const [name, damage] of damages) {
    it(`begins anew at opening where ${name}`, async (t) => {
      const { set, epoch } = await tenItems(damage);
      const replica = await set.open(t);
      await replica.ready();
      assert.notEqual(replica.epoch, epoch);
      assert.deepEqual(inOrder(hintsOf(await wholeOrder(replica))), TEN);
      await assert.rejects(replica.arrivals(5, { limit: 9, epoch }), coded('FEED_RESET'));
      await replica.put([item(10)]);
      assert.equal((await replica.arrivals(10, { limit: 9 })).entries[0]?.hint, 10n);
      assert.deepEqual((await replica.verify()).problems, []);
    });
  }

  for (const [name, damage] of [
    ['damaged', async (of: Database) => flip(of, await keyOf(of, 4))],
    ['missing', async (of: Database) => of.del(await keyOf(of, 4))],
  ] as const) {
    it(`begins anew when a reader meets a ${name} record`, async (t) => {
      const { set, epoch } = await tenItems(damage);
      const replica = await set.open(t);
      let heard = 0;
      replica.onArrival(() => heard++);
      assert.deepEqual(hintsOf((await replica.arrivals(6, { limit: 9 })).entries), [6, 7, 8, 9]);
      await assert.rejects(replica.arrivals(0, { limit: 9 }), coded('STORE_REBUILDING'));
      await replica.ready();
      assert.notEqual(replica.epoch, epoch);
      assert.equal(heard, 1);
      assert.deepEqual(inOrder(hintsOf(await wholeOrder(replica))), TEN);
      assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'INDEX_REBUILT']);
      assert.deepEqual((await replica.verify()).problems, []);
    });
  }

  it('begins anew when the scrubber meets a damaged record', async (t) => {
    const { set, epoch } = await tenItems(async (of) => flip(of, await keyOf(of, 4)));
    const replica = await set.open(t, { scrub: { itemsPerSecond: 100 } });
    await pass(set.clock, () => codes(replica).includes('INDEX_REBUILT'));
    assert.notEqual(replica.epoch, epoch);
    assert.deepEqual(inOrder(hintsOf(await wholeOrder(replica))), TEN);
  });

  it('begins anew when commits are lost from the log', async (t) => {
    const { set, epoch } = await tenItems((of) => of.del(KEYS.log(5)));
    const replica = await set.open(t);
    await replica.ready();
    assert.deepEqual(codes(replica), ['COMMITS_LOST', 'INDEX_REBUILT']);
    assert.notEqual(replica.epoch, epoch);
  });

  it('begins a new epoch when the witness knows of lost commits, and keeps its places', async (t) => {
    const { set, epoch } = await tenItems(async () => undefined);
    const witness = new MemoryWitness();
    witness.commit = 1_000;
    const gate = gateBatches(set.database);
    const replica = await set.open(t, { witness });
    let heard = 0;
    replica.onArrival(() => heard++);
    gate.open();
    await replica.ready();
    assert.equal(heard, 1, 'a reader that waits hears of it');
    assert.deepEqual(codes(replica), ['COMMITS_LOST']);
    assert.notEqual(replica.epoch, epoch);
    assert.deepEqual(hintsOf(await wholeOrder(replica)), TEN);
    await assert.rejects(replica.arrivals(5, { limit: 9, epoch }), coded('FEED_RESET'));
    assert.deepEqual((await replica.verify()).problems, []);
  });

  it('begins anew in a rebuild where an item is not listed, or a listed item is gone', async (t) => {
    for (const damage of [
      async (of: Database) => {
        const one = item(70);
        await of.put(KEYS.item({ hint: one.hint, id: idOf(one) }), one.payload);
        await of.del(KEYS.tree.meta);
      },
      async (of: Database) => {
        const one = item(3);
        await of.del(KEYS.item({ hint: one.hint, id: idOf(one) }));
        await of.del(KEYS.id(idOf(one)));
        await of.del(KEYS.tree.meta);
      },
    ]) {
      const { set, epoch } = await tenItems(damage);
      const replica = await set.open(t);
      await replica.ready();
      assert.notEqual(replica.epoch, epoch);
      assert.equal((await wholeOrder(replica)).length, replica.size);
    }
  });
});

describe('an order of arrival that is whole', () => {
  it('survives a rebuild of the index, which writes missing places into id records', async (t) => {
    const { set, epoch } = await tenItems(async (of) => {
      await of.del(KEYS.tree.meta);
      await of.del(KEYS.id(idOf(item(3))));
      await of.put(KEYS.id(idOf(item(4))), encodeHead({ hint: 4n, bytes: 20, seq: 99 }));
      const keys = await of.keys(KEYS.nodes).all();
      await of.put(keys[0] ?? KEYS.tree.meta, new Uint8Array(3));
    });
    const replica = await set.open(t);
    await replica.ready();
    assert.ok(codes(replica).includes('INDEX_REBUILT'));
    assert.equal(replica.epoch, epoch);
    assert.deepEqual(hintsOf(await wholeOrder(replica)), TEN);
    for (const number of [3, 4]) {
      assert.equal((await replica.arrivalOf(idOf(item(number))))?.seq, number + 1);
    }
    assert.deepEqual((await replica.verify()).problems, []);
  });

  it('tells no place of an item whose id record names that of another', async (t) => {
    const { set } = await tenItems((of) =>
      of.put(KEYS.id(idOf(item(4))), encodeHead({ hint: 4n, bytes: 20, seq: 2 })),
    );
    const replica = await set.open(t);
    assert.equal(await replica.arrivalOf(idOf(item(4))), undefined);
  });

  it('has a place written again that the scrubber finds missing in an id record', async (t) => {
    const { set, epoch } = await tenItems((of) =>
      of.put(KEYS.id(idOf(item(4))), encodeHead({ hint: 4n, bytes: 20 })),
    );
    const replica = await set.open(t, { scrub: { itemsPerSecond: 100 } });
    assert.equal(await replica.arrivalOf(idOf(item(4))), undefined);
    await pass(set.clock, () => replica.status().scrub.passes > 0);
    await replica.ready();
    assert.deepEqual(await replica.arrivalOf(idOf(item(4))), {
      seq: 5,
      at: set.clock.now() - set.clock.monotonic(),
      source: null,
    });
    assert.equal(replica.epoch, epoch);
  });

  it('has no second place for an item that comes back from quarantine', async (t) => {
    for (const restart of [false, true]) {
      const { set, epoch } = await tenItems((of) => flipItem(of, item(4)));
      let replica = await set.open(t);
      await assert.rejects(replica.get(idOf(item(4))), coded('STORE_CORRUPT'));
      assert.deepEqual(hintsOf(await wholeOrder(replica)), TEN, 'it is listed still');
      assert.equal(await replica.arrivalOf(idOf(item(4))), undefined);
      assert.deepEqual((await replica.verify()).problems, []);
      if (restart) {
        await replica.close();
        replica = await set.open(t);
      }
      const [four, twelve] = [item(4), item(12)].map((one) =>
        verifyItem({ ...one, id: idOf(one) }),
      );
      await replica.putVerified([four!, twelve!], { source: 'peer' });
      assert.deepEqual(hintsOf(await wholeOrder(replica)), [...TEN, 12]);
      assert.equal((await replica.arrivalOf(idOf(item(4))))?.seq, 5);
      assert.equal(replica.epoch, epoch);
      assert.deepEqual((await replica.verify()).problems, []);
    }
  });

  it('has no second place for an item whose quarantine record does not know the first', async (t) => {
    const { set } = await tenItems(async (of) => {
      await flipItem(of, item(4));
      await of.put(KEYS.id(idOf(item(4))), encodeHead({ hint: 4n, bytes: 20 }));
    });
    const replica = await set.open(t);
    await assert.rejects(replica.get(idOf(item(4))), coded('STORE_CORRUPT'));
    await replica.put([item(4)]);
    assert.deepEqual(hintsOf(await wholeOrder(replica)), TEN);
    assert.equal((await replica.arrivalOf(idOf(item(4))))?.seq, 5);
    const record = (await set.database.get(KEYS.id(idOf(item(4)))))!;
    assert.equal(placeIn(new Uint8Array(record)), 5);
  });

  it('has a place for an item that was in quarantine when the order began anew', async (t) => {
    const { set } = await tenItems((of) => flipItem(of, item(4)));
    const first = await set.open(t);
    await assert.rejects(first.get(idOf(item(4))), coded('STORE_CORRUPT'));
    await first.close();
    await set.database.open();
    await set.database.clear(KEYS.orders);
    await set.database.close();
    const replica = await set.open(t);
    await replica.ready();
    assert.equal(replica.lastArrival, 9);
    await replica.put([item(4)]);
    assert.deepEqual(hintsOf((await wholeOrder(replica)).slice(9)), [4]);
    assert.deepEqual((await replica.verify()).problems, []);
  });
});
