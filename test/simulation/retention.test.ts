import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NODES, tenNodes, write } from './ten-keepers.ts';

describe('ten nodes that keep items for different times, by clocks that are wrong', () => {
  it('go on with the removal that a restart cut off, and never take what they removed', async () => {
    const kept = await tenNodes('restart');
    const { mesh, memories } = kept;
    const old = mesh.nodes[0]!;
    const begun = BigInt(mesh.clock.now());
    for (let i = 0n; i < 40n; i++)
      await old.put({ hint: begun + i, payload: mesh.random.bytes(20) });
    // Its disk fails amid the removal, after the seventh commit of four items.
    let commits = 0;
    const prune = old.replica.retention.prune.bind(old.replica.retention);
    old.replica.retention.prune = async (floor) => {
      if (commits === 7) throw new Error('the power is gone');
      const removed = await prune(floor, 4);
      commits += Math.sign(removed);
      return removed;
    };
    for (let minute = 0; commits < 7; minute++) {
      assert.ok(minute < 60, 'the removal has begun');
      await write(kept, 1);
    }
    const { size } = old.replica;
    const { floor } = old.replica.retention;
    const { left } = old.pruner!.status;
    assert.ok(left > 0, 'items are left below the floor');
    const again = await mesh.restart(0);
    memories[0]!.watch(again);
    assert.deepEqual([again.replica.size, again.replica.retention.floor], [size, floor]);
    await mesh.clock.advance(10_000);
    assert.ok(again.pruner!.status.removedItems >= left, 'at once, and not with a later floor');
    await write(kept, 30);
    assert.equal(again.pruner!.status.left, 0);
    assert.deepEqual(
      memories.map(({ again: taken }) => taken),
      Array(NODES).fill(0),
    );
    assert.ok(
      again.sessions.some(({ equal }) => equal),
      'it is proved equal again',
    );
    await mesh.stop();
  });
});
