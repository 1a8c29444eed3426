import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  itemId,
  openDatabase,
  type Replica,
  type ReplicaInit,
  type ReplicaLimits,
  verifyItem,
} from '../../../../src/store/index.ts';
import { settle } from '../../../support/clock.ts';
import { assertProperty } from '../../../support/property.ts';
import {
  type Gate,
  gateBatches,
  item,
  items,
  openReplica,
  temporaryDirectory,
} from '../support.ts';

describe('group commit', () => {
  it('gathers the puts that arrive during a sync into the next batch', async (t) => {
    const { replica, gate } = await gatedReplica(t);
    const first = replica.put([item(0)]);
    await settle();
    const later = items(100)
      .slice(1)
      .map((one) => replica.put([one]));
    await settle();
    gate.open();
    await Promise.all([first, ...later]);
    assert.deepEqual(gate.batches, [1, 99]);
  });

  it('bounds a batch in items and in bytes', async (t) => {
    const { replica, gate } = await gatedReplica(t, { maxBatchItems: 4, maxBatchBytes: 1000 });
    gate.open();
    await replica.put(items(10));
    assert.deepEqual(gate.batches, [4, 4, 2]);
    await replica.put([item(20, 600), item(21, 600), item(22, 5000), item(23, 400), item(24, 600)]);
    assert.deepEqual(gate.batches.slice(3), [1, 1, 1, 2]);
  });

  it('commits as many items of peers as a slice has time for, and own items together', async (t) => {
    let busyMs = 0;
    const bulk = { sliceMs: 4, busyMs: () => (busyMs += 10), turn: async () => undefined };
    const { replica, gate } = await gatedReplica(t, {}, { bulk });
    gate.open();
    const verified = (from: number, count: number) =>
      items(from + count)
        .slice(from)
        .map((one) => verifyItem({ ...one, id: itemId(one.hint, one.payload) }));
    await replica.putVerified(verified(0, 200));
    await replica.put(items(500).slice(200));
    // The first commit teaches that there is time for few; so many share a commit at least.
    await replica.putVerified(verified(500, 200));
    assert.deepEqual(gate.batches, [200, 300, 128, 72]);
  });

  it('makes puts wait while the queue is full, in order, but answers held items', async (t) => {
    const { replica, gate } = await gatedReplica(t, { maxBatchItems: 2, maxQueuedItems: 3 });
    const order: bigint[] = [];
    const puts = items(20).map((one) => replica.put([one]).then(() => order.push(one.hint)));
    await settle();
    assert.equal(gate.batches.length, 1);
    gate.open();
    await Promise.all(puts);
    assert.deepEqual(
      order,
      items(20).map((one) => one.hint),
    );
    assert.ok(gate.batches.every((size) => size <= 2));
    const again = await replica.put(items(20));
    assert.ok(again.every((result) => !result.created));
  });

  it('bounds the queue in bytes', async (t) => {
    const { replica, gate } = await gatedReplica(t, { maxQueuedBytes: 1000 });
    const puts = items(20).map((_, i) => replica.put([item(i, 600)]));
    await settle();
    gate.open();
    await Promise.all(puts);
    assert.ok(
      gate.batches.every((size) => size <= 2),
      'never more than two of 600 bytes were queued',
    );
  });

  it('counts right under random concurrent calls', async (t) => {
    const directory = await temporaryDirectory(t);
    let replica = await openReplica(t, directory, {
      limits: { maxBatchItems: 7, maxQueuedItems: 5, maxBatchBytes: 120 },
    });
    const held = new Set<number>();
    const calls = fc.array(fc.array(fc.nat(300), { maxLength: 12 }), { maxLength: 12 });
    await assertProperty(
      fc.asyncProperty(calls, async (numbers) => {
        const results = await Promise.all(
          numbers.map((call) => replica.put(call.map((n) => item(n)))),
        );
        const before = held.size;
        for (const number of numbers.flat()) held.add(number);
        const created = results.flat().filter((result) => result.created).length;
        assert.equal(created, held.size - before);
        assert.equal(replica.status().items, held.size);
        assert.equal(replica.status().bytes, held.size * 20);
      }),
      { numRuns: 40 },
    );
    const before = replica.status();
    await replica.close();
    replica = await openReplica(t, directory);
    assert.deepEqual(replica.status(), before);
  });
});

async function gatedReplica(
  t: Parameters<typeof openReplica>[0],
  limits: Partial<ReplicaLimits> = {},
  init: Partial<ReplicaInit> = {},
): Promise<{ replica: Replica; gate: Gate }> {
  const path = await temporaryDirectory(t);
  await (await openReplica(t, path)).close();
  const database = await openDatabase(path);
  const gate = gateBatches(database);
  return { replica: await openReplica(t, path, { ...init, database, limits }), gate };
}
