import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedMesh } from './simulated-mesh.ts';

const ITEM = { hint: 1n, payload: new Uint8Array([1]) };
const TOO_LONG = { sizeOf: async () => 2 ** 30 };

describe('liars under virtual time', () => {
  it('that say an item is too large keep nobody else from bringing it by a session', async () => {
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
    assert.deepEqual([replica.status().items, replicator.refused, replicator.wanted], [0, 1, 0]);
    mesh.link(0, 3);
    await mesh.clock.advance(20_000);
    assert.deepEqual([replica.status().items, replicator.refused, replicator.wanted], [1, 0, 0]);
    await mesh.stop();
  });
});
