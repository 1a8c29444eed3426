import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  bytesToHex,
  ITEM_OVERHEAD_BYTES,
  type Item,
  itemId,
  Replica,
  type ReplicaInit,
} from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { coded, item, items, tapBatches } from '../support.ts';

describe('puts', () => {
  it('tell their caller which items are new, once they are admitted', async (t) => {
    const { replica, gate } = await open(t);
    const queued: number[][] = [];
    const seen = (some: readonly Item[]): number =>
      queued.push(some.map(({ hint }) => Number(hint)));
    const first = replica.put([item(1), item(2), item(1)], { queued: seen });
    await settle();
    assert.deepEqual(queued, [[1, 2]], 'before it is on disk');
    const second = replica.put([item(2), item(3)], { queued: seen });
    await settle();
    gate.open();
    assert.deepEqual(created(await first), [true, true, false]);
    assert.deepEqual(created(await second), [false, true], 'an item on its way is not new');
    await replica.put([item(1), item(3)], { queued: seen });
    assert.deepEqual(queued, [[1, 2], [3]], 'nothing is queued that is held');
  });

  it('of many items give each its own id', async (t) => {
    const { replica, gate } = await open(t);
    gate.open();
    const many = items(130);
    const results = await replica.put(many);
    assert.deepEqual(
      results.map(({ id }) => bytesToHex(id)),
      many.map(({ hint, payload }) => bytesToHex(itemId(hint, payload))),
    );
  });

  it('wait, if their items are pending, until those are on disk', async (t) => {
    const { replica, gate } = await open(t);
    let answered = false;
    void replica.put([item(1)]);
    await settle();
    const again = replica.put([item(1)]).then(() => {
      answered = true;
    });
    await settle();
    assert.equal(answered, false, 'an answer says that the item is on disk');
    gate.open();
    await again;
  });

  it('that fail leave no trace: the same items are accepted again, each time', async (t) => {
    const { replica, gate } = await open(t, {
      limits: { maxSetBytes: 100 + 5 * ITEM_OVERHEAD_BYTES, maxQueuedItems: 2 },
    });
    gate.open();
    for (let round = 0; round < 3; round++) {
      await assert.rejects(replica.put(items(6)), coded('SET_FULL'));
      assert.ok(items(6).every((one) => !replica.contains(idOf(one.hint, one.payload))));
    }
    assert.deepEqual(created(await replica.put(items(5))), Array(5).fill(true));
    await assert.rejects(replica.put([item(9)]), coded('SET_FULL'));
    assert.deepEqual(created(await replica.put(items(5))), Array(5).fill(false));
  });

  it('pass one after the other, so that a small one does not pass one that waits', async (t) => {
    const { replica, gate } = await open(t, { limits: { maxQueuedItems: 2, maxBatchItems: 2 } });
    const order: number[] = [];
    const put = (from: number, count: number): Promise<unknown> => {
      const some = Array.from({ length: count }, (_, i) => item(from + i));
      return replica.put(some, { queued: () => order.push(from) });
    };
    const puts = [put(0, 2), put(10, 5), put(20, 1), put(30, 1)];
    await settle();
    gate.open();
    await Promise.all(puts);
    assert.deepEqual(order, [0, 10, 20, 30]);
  });

  it('that come together share a commit', async (t) => {
    const { replica, gate } = await open(t);
    gate.open();
    await Promise.all(items(20).map((one) => replica.put([one])));
    assert.deepEqual(gate.sizes, [20]);
  });

  it('are answered while the queue is full if they have no items, or only held ones', async (t) => {
    const { replica, gate } = await open(t, { limits: { maxQueuedItems: 1 } });
    const release = gate.open;
    release();
    await replica.put([item(1)]);
    gate.hold();
    const puts = [2, 3, 4].map((number) => replica.put([item(number)]));
    await settle();
    assert.deepEqual(created(await replica.put([])), []);
    assert.deepEqual(created(await replica.put([item(1)])), [false]);
    gate.open();
    await Promise.all(puts);
  });
});

function created(results: readonly { readonly created: boolean }[]): boolean[] {
  return results.map((result) => result.created);
}

function idOf(hint: bigint, payload: Uint8Array): Uint8Array {
  return itemId(hint, payload);
}

interface Held {
  /** Items' records in each batch that was written. */
  readonly sizes: number[];
  open(): void;
  hold(): void;
}

/** A replica in memory whose batches wait until the gate is opened, after its first. */
async function open(
  t: TestContext,
  init: Partial<ReplicaInit> = {},
): Promise<{ replica: Replica; gate: Held }> {
  const database = memoryDatabase();
  const clock = new VirtualClock();
  const replica = await Replica.open({
    database,
    clock,
    disk: new FakeDisk(),
    scheme: wideSum,
    ...init,
  });
  await replica.ready();
  let { promise, resolve } = Promise.withResolvers<void>();
  const sizes: number[] = [];
  tapBatches(database, async (operations, write) => {
    const prefix = 'set/p';
    const isItem = ({ key }: { key: Uint8Array }): boolean =>
      Buffer.from(key.subarray(0, prefix.length)).toString() === prefix;
    sizes.push(operations.filter(isItem).length);
    await promise;
    await write();
  });
  const gate: Held = {
    sizes,
    open: () => resolve(),
    hold: () => {
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
  };
  t.after(async () => {
    gate.open();
    await replica.close();
  });
  return { replica, gate };
}
