import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToKey } from '../../src/store/index.ts';
import { SimulatedMesh, type SimulatedNode } from './simulated-mesh.ts';

const MINUTE = 60_000;
const YEAR = 365 * 86_400_000;
const NODES = 10;
const OPTIONS = { intervalMs: 2 * MINUTE, intervalMinMs: MINUTE, intervalMaxMs: 5 * MINUTE };

/** What a node held and holds no more, and how often it was to take such an item again. */
class Memory {
  readonly seen = new Set<string>();
  again = 0;
  node: SimulatedNode | null = null;

  watch(node: SimulatedNode): void {
    this.node = node;
    node.replica.onCommit((added) => {
      for (const { id } of added) this.seen.add(bytesToKey(id));
    });
  }

  asked(id: Uint8Array): null {
    if (this.node?.replica.contains(id) === false && this.seen.has(bytesToKey(id))) this.again++;
    return null;
  }
}

interface Kept {
  readonly mesh: SimulatedMesh;
  readonly memories: readonly Memory[];
  /** Milliseconds that each wall clock is ahead. */
  readonly ahead: number[];
}

/** Ten nodes in a ring with chords. Each keeps 10 to 55 minutes, by a clock up to five minutes off. */
async function tenNodes(seed: string): Promise<Kept> {
  const mesh = new SimulatedMesh(seed, OPTIONS);
  const memories = Array.from({ length: NODES }, () => new Memory());
  const ahead = memories.map(() => (2 * mesh.random.fraction() - 1) * 5 * MINUTE);
  for (const [i, memory] of memories.entries()) {
    const node = await mesh.add(`n${i}`, {
      aheadMs: () => Math.round(ahead[i]!),
      retention: { maxAge: (10 + 5 * i) * MINUTE },
      asked: ({ id }, { via }) => (via === 'http' ? null : memory.asked(id)),
    });
    memory.watch(node);
  }
  for (let i = 0; i < NODES; i++) {
    mesh.link(i, (i + 1) % NODES);
    if (i % 2 === 0) mesh.link(i, (i + 5) % NODES);
  }
  return { mesh, memories, ahead };
}

/** Each minute some node puts an item with its own time as the hint. */
async function write({ mesh, ahead }: Kept, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    const at = mesh.pick(NODES);
    const hint = BigInt(mesh.clock.now() + Math.round(ahead[at]!));
    await mesh.nodes[at]!.put({ hint, payload: mesh.random.bytes(20) });
    await mesh.clock.advance(MINUTE);
  }
}

const removedBy = ({ mesh }: Kept): number[] =>
  mesh.nodes.map(({ pruner }) => pruner!.status.removedItems);

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
});
