import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ITEM_OVERHEAD_BYTES } from '../../../src/store/index.ts';
import { MemorySet } from './in-memory.ts';
import { coded, item, items, openReplica, temporaryDirectory } from './support.ts';

describe('a replica in use', () => {
  it('takes other limits at once, up and down', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t), { limits: { maxItems: 2 } });
    await replica.put(items(2));
    await assert.rejects(replica.put([item(3)]), coded('TOO_MANY_ITEMS'));
    replica.setLimits({ maxItems: 3 });
    await replica.put([item(3)]);
    replica.setLimits({ maxItems: 1 });
    assert.equal(replica.status().items, 3, 'held items stay');
    await assert.rejects(replica.put([item(4)]), coded('TOO_MANY_ITEMS'));
    const maxSetBytes = 3 * ITEM_OVERHEAD_BYTES;
    replica.setLimits({ maxItems: Number.POSITIVE_INFINITY, maxSetBytes });
    await assert.rejects(replica.put([item(4)]), coded('SET_FULL'));
  });

  it('is compacted while items are put, and afterwards reads the same', async (t) => {
    const replica = await openReplica(t, await temporaryDirectory(t));
    await replica.put(items(100));
    const [result] = await Promise.all([replica.compact(), replica.put([item(200)])]);
    assert.equal(result.complete, true);
    assert.equal((await replica.verify()).ok, true);
    assert.equal(replica.status().items, 101);
    const ended = replica.compact().catch((error) => assert.equal(error.code, 'STORE_CLOSED'));
    await replica.close();
    await ended;
    await assert.rejects(replica.compact(), coded('STORE_CLOSED'));
  });

  it('begins, slows down and ends its background check', async (t) => {
    const set = await MemorySet.of(40);
    const replica = await set.open(t, { scrub: { itemsPerSecond: 0 } });
    const checked = () => replica.status().scrub.checked;
    await set.clock.advance(10_000);
    assert.deepEqual([checked(), replica.status().scrub.running], [0, false]);
    replica.setScrub({ itemsPerSecond: 10, maxDamagedPerHour: 100 });
    replica.setScrub({ itemsPerSecond: 10, maxDamagedPerHour: 100 });
    await set.clock.advance(1_200);
    const first = checked();
    assert.ok(first > 0 && first <= 20, `${first} checked, so one loop runs`);
    replica.setScrub({ itemsPerSecond: 0, maxDamagedPerHour: 100 });
    await set.clock.advance(20_000);
    assert.ok(checked() <= first + 10);
    assert.equal(replica.status().scrub.running, false);
    const before = checked();
    replica.setScrub({ itemsPerSecond: 10, maxDamagedPerHour: 100 });
    await set.clock.advance(5_000);
    assert.ok(checked() > before);
  });
});
