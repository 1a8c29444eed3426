import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ITEM_OVERHEAD_BYTES, itemId, verifyItem } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { coded, item, items, openReplica, temporaryDirectory } from './support.ts';

describe('replica limits', () => {
  it('refuse an item that is too large, with its whole call', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t), {
      limits: { maxItemBytes: 100 },
    });
    await replica.put([item(1, 100)]);
    await assert.rejects(replica.put([item(2), item(3, 101)]), coded('ITEM_TOO_LARGE'));
    const { hint, payload } = item(3, 101);
    const foreign = verifyItem({ hint, payload, id: itemId(hint, payload) });
    await assert.rejects(replica.putVerified([foreign]), coded('ITEM_TOO_LARGE'));
    assert.equal(replica.status().items, 1);
    assert.equal(replica.status().refusing, null);
  });

  it('stop puts at maxSetBytes with a reason, and leave reads alone', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t), {
      limits: { maxSetBytes: 100 + 5 * ITEM_OVERHEAD_BYTES },
    });
    const puts = items(8).map((one) => replica.put([one]));
    const settled = await Promise.allSettled(puts);
    const codes = settled.map((one) => (one.status === 'rejected' ? one.reason.code : 'taken'));
    assert.deepEqual(codes, [...Array(5).fill('taken'), ...Array(3).fill('SET_FULL')]);
    assert.equal(replica.status().refusing?.code, 'SET_FULL');
    assert.equal(replica.status().bytes, 100);
    assert.equal(replica.status().storedBytes, 100 + 5 * ITEM_OVERHEAD_BYTES);
    assert.deepEqual(
      (await replica.put(items(5))).map((result) => result.created),
      Array(5).fill(false),
    );
    await assert.rejects(replica.put(items(6)), coded('SET_FULL'));
  });

  it('count what items take beside their payloads, and the items themselves', async (t) => {
    const small = await openReplica(t, await temporaryDirectory(t), {
      limits: { maxSetBytes: 100 },
    });
    await assert.rejects(small.put([item(1, 4)]), coded('SET_FULL'));
    const few = await openReplica(t, await temporaryDirectory(t), { limits: { maxItems: 2 } });
    await few.put([item(1, 4), item(2, 4)]);
    await assert.rejects(few.put([item(3, 4)]), coded('TOO_MANY_ITEMS'));
    assert.equal(few.status().refusing?.code, 'TOO_MANY_ITEMS');
    assert.equal((await few.put([item(2, 4)]))[0]?.created, false);
  });

  it('report a refusal when the last item asked for does not fit', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t), {
      limits: { maxSetBytes: 100 + 2 * ITEM_OVERHEAD_BYTES },
    });
    await replica.put([item(1, 90)]);
    assert.equal(replica.status().refusing, null);
    await assert.rejects(replica.put([item(2, 11)]), coded('SET_FULL'));
    assert.equal(replica.status().refusing?.code, 'SET_FULL');
    await replica.put([item(3, 5)]);
    assert.equal(replica.status().refusing, null);
  });

  it('stop puts at minFreeBytes, and allow them when there is room again', async (t) => {
    const clock = new VirtualClock();
    const disk = new FakeDisk();
    disk.free = 999;
    const limits = { minFreeBytes: 1000 };
    const replica = await openReplica(t, await temporaryDirectory(t), { clock, disk, limits });
    assert.equal(replica.status().refusing?.code, 'DISK_FULL');
    await assert.rejects(replica.put([item(1)]), coded('DISK_FULL'));
    disk.free = 10_000;
    await clock.advance(1_000);
    replica.status();
    await clock.advance(0);
    assert.equal(replica.status().refusing, null, 'asking for the status reads the disk anew');
    assert.equal((await replica.put([item(1)]))[0]?.created, true);
  });

  it('read the free space once a second, and count the bytes written in between', async (t) => {
    const clock = new VirtualClock();
    const disk = new FakeDisk();
    disk.free = 1_100 + 5 * ITEM_OVERHEAD_BYTES;
    const limits = { minFreeBytes: 1000 };
    const replica = await openReplica(t, await temporaryDirectory(t), { clock, disk, limits });
    for (const one of items(5)) await replica.put([one]);
    await assert.rejects(replica.put([item(9)]), coded('DISK_FULL'));
    assert.equal(disk.asked, 1);
    await clock.advance(1_000);
    await replica.put([item(9)]);
    await replica.put([item(10)]);
    assert.equal(disk.asked, 2);
  });

  it('keep the last reading when the disk does not answer', async (t) => {
    const clock = new VirtualClock();
    const disk = new FakeDisk();
    const warnings: string[] = [];
    const logger = {
      warn: (_: object, message: string) => warnings.push(message),
      error: () => undefined,
    };
    const replica = await openReplica(t, await temporaryDirectory(t), { clock, disk, logger });
    disk.freeBytes = () => Promise.reject(new Error('gone'));
    await clock.advance(1_000);
    assert.equal((await replica.put([item(1)]))[0]?.created, true);
    assert.equal(warnings.length, 1);
  });
});
