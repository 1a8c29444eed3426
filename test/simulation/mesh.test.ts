import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedMesh } from './simulated-mesh.ts';

describe('three nodes under virtual time', () => {
  it('become known as in sync to each other once nothing changes', async () => {
    const mesh = new SimulatedMesh('calm');
    for (const id of ['a', 'b', 'c']) await mesh.add(id);
    mesh.link(0, 1);
    mesh.link(1, 2);
    await mesh.nodes[0]!.replica.put([{ hint: 1n, payload: new Uint8Array([1]) }]);
    await mesh.clock.advance(20_000);
    assert.ok(mesh.equal);
    const [a, b, c] = mesh.nodes;
    assert.ok(a!.replicator.peers.inSync('b') && b!.replicator.peers.inSync('a'));
    assert.ok(b!.replicator.peers.inSync('c') && c!.replicator.peers.inSync('b'));
    await c!.replica.put([{ hint: 2n, payload: new Uint8Array([2]) }]);
    assert.ok(!c!.replicator.peers.inSync('b'), 'a change here takes the certainty away');
    await mesh.stop();
  });
});
