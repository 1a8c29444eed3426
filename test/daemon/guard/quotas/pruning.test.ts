import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { itemId, type VerifiedItem, verifyItem } from '../../../../src/store/index.ts';
import { MemorySet } from '../../../store/replica/in-memory.ts';
import { pruneAll } from '../../../store/replica/retention/support.ts';
import { counted, from, open } from './support.ts';

function itemAt(number: number): VerifiedItem {
  const [hint, payload] = [BigInt(number), new Uint8Array(3)];
  return verifyItem({ hint, payload, id: itemId(hint, payload) });
}

describe('a quota of a set that is pruned', () => {
  it('has room again for the peer and the publisher of what has left, and counts the rest', async (t) => {
    const set = new MemorySet();
    const quotas = { peerItems: 3, publisherItems: 2 };
    const { bring, check, guard, replica } = await open(t, set, quotas, itemAt);
    let taking = 0;
    check.onTaking(() => taking++);
    assert.deepEqual(await bring(from('a'), 1), []);
    assert.deepEqual(await bring(from('a', 'x'), 2, 3), []);
    assert.deepEqual([await bring(from('a'), 4), guard.takesFrom('a')], [['PEER_QUOTA'], false]);
    assert.deepEqual(await bring(from('b', 'x'), 4), ['PUBLISHER_QUOTA']);
    await pruneAll(replica, 3n);
    assert.deepEqual([replica.size, taking], [1, 0]);
    await set.clock.advance(30_000);
    await counted(set.clock);
    const [a, x] = [{ kind: 'peer', id: 'a' } as const, { kind: 'publisher', id: 'x' } as const];
    const items = [a, x].map((owner) => check.used(owner).items);
    assert.deepEqual([...items, guard.takesFrom('a'), taking], [1, 1, true, 1]);
    assert.deepEqual(await bring(from('b', 'x'), 4), []);
    assert.deepEqual(await bring(from('a'), 5, 6, 7), ['PEER_QUOTA']);
    check.stop();
    await replica.close();
    const again = await open(t, set, quotas, itemAt);
    assert.deepEqual([again.check.used(a).items, again.check.used(x).items], [3, 2]);
    assert.equal(again.guard.takesFrom('a'), false);
  });

  it('asks once for refused items of a publisher that has room again', async (t) => {
    const set = new MemorySet();
    const { bring, check, replica } = await open(t, set, { publisherItems: 1 }, itemAt);
    let taking = 0;
    check.onTaking(() => taking++);
    await bring(from('a', 'x'), 2);
    await bring(from('a'), 1, 3);
    assert.deepEqual(await bring(from('b', 'x'), 4), ['PUBLISHER_QUOTA']);
    // Each removal has everything counted anew; the second one removes the item of the publisher.
    for (const [floor, times] of [
      [2n, 0],
      [3n, 1],
      [4n, 1],
    ] as const) {
      await pruneAll(replica, floor);
      await set.clock.advance(30_000);
      await counted(set.clock);
      assert.equal(taking, times, `below ${floor}`);
    }
  });
});
