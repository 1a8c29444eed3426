import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedMesh } from './simulated-mesh.ts';

const NODES = 20;
const ITEMS = 400;

/** A ring with chords over links of all speeds, some of which break now and then. */
async function build(seed: string): Promise<SimulatedMesh> {
  const mesh = new SimulatedMesh(seed, { intervalMs: 5_000 }, 'commonware');
  for (let i = 0; i < NODES; i++) await mesh.add(`node-${String(i).padStart(2, '0')}`);
  for (let i = 0; i < NODES; i++) {
    mesh.link(i, (i + 1) % NODES, { latencyMs: 1 + mesh.pick(50), jitterMs: 10 });
    const other = (i + 2 + mesh.pick(NODES - 3)) % NODES;
    mesh.link(i, other, { latencyMs: 20, bytesPerMs: 500, meanUptimeMs: 4_000 });
  }
  return mesh;
}

/** Writes at random nodes at random moments, now and then the same item at two of them. */
async function write(mesh: SimulatedMesh): Promise<void> {
  for (let i = 0; i < ITEMS; i++) {
    const payload = mesh.random.bytes(1 + mesh.pick(2_000));
    const item = { hint: BigInt(mesh.pick(1_000)), payload };
    for (let copies = mesh.pick(10) === 0 ? 2 : 1; copies > 0; copies--) {
      await mesh.nodes[mesh.pick(NODES)]!.replica.put([item]);
    }
    if (mesh.pick(10) === 0) await mesh.clock.advance(mesh.pick(200));
  }
}

async function run(seed: string): Promise<{ mesh: SimulatedMesh; converged: boolean }> {
  const mesh = await build(seed);
  await write(mesh);
  const converged = await mesh.converge(300_000);
  return { mesh, converged };
}

describe('twenty nodes under virtual time', () => {
  it('converge while they write and links break, and the same seed gives the same trace', async () => {
    const first = await run('a seed');
    assert.ok(first.converged, 'the sets differ after five minutes');
    for (const { replica, replicator } of first.mesh.nodes) {
      assert.equal(replica.status().items, ITEMS);
      assert.equal(replicator.wanted, 0);
    }
    await first.mesh.stop();

    const second = await run('a seed');
    await second.mesh.stop();
    assert.ok(first.mesh.trace.length > 1_000);
    assert.deepEqual(second.mesh.trace, first.mesh.trace);

    const other = await run('another seed');
    await other.mesh.stop();
    assert.ok(other.converged);
    assert.notDeepEqual(other.mesh.trace, first.mesh.trace);
  });

  it('become known as in sync to each other once nothing changes', async () => {
    const mesh = new SimulatedMesh('calm');
    for (const id of ['a', 'b', 'c']) await mesh.add(id);
    mesh.link(0, 1);
    mesh.link(1, 2);
    await mesh.nodes[0]!.replica.put([{ hint: 1n, payload: new Uint8Array([1]) }]);
    await mesh.clock.advance(20_000);
    assert.ok(mesh.equal);
    const [a, b, c] = mesh.nodes;
    assert.ok(a!.replicator.inSync('b') && b!.replicator.inSync('a'));
    assert.ok(b!.replicator.inSync('c') && c!.replicator.inSync('b'));
    await c!.replica.put([{ hint: 2n, payload: new Uint8Array([2]) }]);
    assert.ok(!c!.replicator.inSync('b'), 'a change here takes the certainty away');
    await mesh.stop();
  });
});
