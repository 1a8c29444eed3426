import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedMesh } from './simulated-mesh.ts';

const ITEM = { hint: 1n, payload: new Uint8Array([1]) };
const TOO_LONG = { sizeOf: async () => 2 ** 30 };

describe('liars under virtual time', () => {
  it('that call an item too large do not stop others from delivering it', async () => {
    const mesh = new SimulatedMesh('too large', { intervalMs: 1_000, intervalMinMs: 1_000 });
    await mesh.add('victim');
    for (const id of ['liar', 'another liar', 'honest']) {
      const node = await mesh.add(id, id === 'honest' ? {} : TOO_LONG);
      await node.put(ITEM);
    }
    const [{ replica, replicator }] = mesh.nodes as [(typeof mesh.nodes)[0]];
    mesh.link(0, 1);
    mesh.link(0, 2);
    await mesh.clock.advance(20_000);
    assert.deepEqual(
      [replica.status().items, replicator.fetcher.refused.size, replicator.wanted.size],
      [0, 1, 0],
    );
    mesh.link(0, 3);
    await mesh.clock.advance(20_000);
    assert.deepEqual(
      [replica.status().items, replicator.fetcher.refused.size, replicator.wanted.size],
      [1, 0, 0],
    );
    await mesh.stop();
  });

  it('that call every item large delay no other peer', async () => {
    const mesh = new SimulatedMesh('large', { largeQuietMs: 1_000 });
    await mesh.add('victim');
    await mesh.add('liar', { sizeOf: async () => 2 ** 20 });
    await mesh.add('honest');
    const items = Array.from({ length: 500 }, (_, i) => ({
      hint: BigInt(i),
      payload: new Uint8Array([i, i >> 8]),
    }));
    for (const { replica } of mesh.nodes.slice(1)) await replica.put(items);
    mesh.link(0, 1);
    await mesh.clock.advance(1_000);
    mesh.link(0, 2);
    // Small items that keep coming put off large ones, ten seconds each.
    for (let i = 0; i < 30; i++) {
      await mesh.nodes[2]!.put({ hint: 1_000n, payload: new Uint8Array([i, 0, 0]) });
      await mesh.clock.advance(500);
    }
    const { items: held } = mesh.nodes[0]!.replica.status();
    assert.ok(held >= items.length, `${held} items: the first one finds the liar out`);
    await mesh.stop();
  });
});
