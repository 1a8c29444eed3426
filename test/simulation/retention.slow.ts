import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MINUTE, NODES, removedBy, tenNodes, write, YEAR } from './ten-keepers.ts';

describe('ten nodes that keep items for different times, by clocks that are wrong', () => {
  it('never take an item again that they removed, and go on being proved equal', async () => {
    const kept = await tenNodes('retention');
    const { mesh, memories } = kept;
    await write(kept, 80);
    const proved = mesh.nodes.map(({ sessions }) => sessions.filter(({ equal }) => equal).length);
    await write(kept, 30);
    assert.deepEqual(
      memories.map(({ again }) => again),
      Array(NODES).fill(0),
    );
    for (const [i, removed] of removedBy(kept).entries()) {
      assert.ok(removed > 40, `node ${i} removed ${removed} items`);
    }
    for (const [i, { sessions, replicator, pruner }] of mesh.nodes.entries()) {
      const equal = sessions.filter((session) => session.equal).length;
      assert.ok(equal > proved[i]!, `node ${i} was found equal ${equal} times`);
      assert.equal(sessions.at(-1)?.error, null);
      assert.equal(replicator.fetcher.refused.size, 0, `node ${i} refused items`);
      assert.equal(pruner!.status.waits, null);
    }
    await mesh.stop();
  });

  it('delete nothing where a clock jumps a year forward and back', async () => {
    const kept = await tenNodes('jump');
    const { mesh, memories, ahead } = kept;
    await write(kept, 30);
    const [victim] = mesh.nodes;
    const before = { floor: victim!.replica.retention.floor, ahead: ahead[0]! };
    ahead[0] = before.ahead + YEAR;
    // The grace of items that the right clock has passed ends.
    await mesh.clock.advance(2 * MINUTE);
    const held = victim!.replica.size;
    const { floor } = victim!.replica.retention;
    assert.equal(victim!.pruner!.status.waits?.code, 'CLOCK_JUMPED');
    await mesh.clock.advance(5 * MINUTE);
    assert.equal(victim!.replica.retention.floor, floor);
    assert.ok(victim!.replica.size >= held, 'items are gone');
    ahead[0] = before.ahead;
    await write(kept, 20);
    assert.equal(victim!.pruner!.status.waits, null);
    assert.ok(victim!.replica.retention.floor > floor, 'the floor goes on');
    assert.deepEqual(
      memories.map(({ again }) => again),
      Array(NODES).fill(0),
    );
    await mesh.stop();
  });

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
