import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimulatedMesh } from './simulated-mesh.ts';

const NODES = 12;
/** Sessions by timer are so rare that none falls into a test. */
const RARE = { push: true, intervalMs: 3_600_000, silenceMs: 3_600_000, proveMs: 3_600_000 };

/** A ring with chords, first sessions behind it. */
async function build(seed: string): Promise<SimulatedMesh> {
  const mesh = new SimulatedMesh(seed, RARE);
  for (let i = 0; i < NODES; i++) await mesh.add(`node-${String(i).padStart(2, '0')}`);
  for (let i = 0; i < NODES; i++) {
    mesh.link(i, (i + 1) % NODES, { latencyMs: 1 + mesh.pick(20), jitterMs: 5 });
    mesh.link(i, (i + 3 + mesh.pick(NODES - 6)) % NODES, { latencyMs: 10, bytesPerMs: 2_000 });
  }
  await mesh.clock.advance(5_000);
  return mesh;
}

async function write(mesh: SimulatedMesh, count: number, maxBytes: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const payload = mesh.random.bytes(1 + mesh.pick(maxBytes));
    await mesh.nodes[mesh.pick(NODES)]!.put({ hint: BigInt(mesh.pick(1_000)), payload });
    await mesh.clock.advance(mesh.pick(20));
  }
}

function sessionsOf(mesh: SimulatedMesh): number {
  const records = mesh.nodes.flatMap(({ replicator }) => replicator.peers.all());
  return records.reduce((total, { sessions }) => total + sessions, 0);
}

function sum(mesh: SimulatedMesh, of: (i: number) => number): number {
  return mesh.nodes.reduce((total, _, i) => total + of(i), 0);
}

describe('push under virtual time', () => {
  it('delivers short items everywhere within a second, without sessions or fetching', async () => {
    const mesh = await build('short');
    const before = sessionsOf(mesh);
    await write(mesh, 100, 1_000);
    await mesh.clock.advance(1_000);
    assert.ok(mesh.equal);
    assert.equal(mesh.nodes[0]!.replica.status().items, 100);
    await mesh.clock.advance(60_000);
    assert.equal(sessionsOf(mesh), before);
    assert.equal(
      sum(mesh, (i) => mesh.nodes[i]!.fetch.totals.receivedBytes),
      0,
    );
    await mesh.stop();
  });

  it('delivers long items by key, each fetched once at each node', async () => {
    const mesh = await build('long');
    const before = sessionsOf(mesh);
    let bytes = 0;
    for (let i = 0; i < 20; i++) {
      const payload = mesh.random.bytes(20_000 + mesh.pick(100_000));
      bytes += payload.length;
      await mesh.nodes[mesh.pick(NODES)]!.put({ hint: BigInt(i), payload });
      await mesh.clock.advance(mesh.pick(50));
    }
    await mesh.clock.advance(5_000);
    assert.ok(mesh.equal);
    assert.equal(
      sum(mesh, (i) => mesh.nodes[i]!.fetch.totals.receivedBytes),
      (NODES - 1) * bytes,
    );
    assert.equal(sessionsOf(mesh), before);
    assert.equal(
      sum(mesh, (i) => mesh.nodes[i]!.replicator.wanted.size),
      0,
    );
    await mesh.stop();
  });

  it('that loses messages is noticed, and sessions find the missing items', async () => {
    const mesh = await build('lossy');
    for (const { gossip } of mesh.nodes) gossip!.loses = () => mesh.pick(10) < 6;
    await write(mesh, 120, 1_000);
    for (const { gossip } of mesh.nodes) gossip!.loses = () => false;
    const lacking = sum(mesh, (i) => 120 - mesh.nodes[i]!.replica.status().items);
    assert.ok(lacking > 0, 'the test is to lose something');
    for (const node of mesh.nodes) await node.put({ hint: 0n, payload: new Uint8Array([1]) });
    await write(mesh, NODES, 100);
    assert.ok(await mesh.converge(60_000), 'what was missed was not found');
    assert.ok(sum(mesh, (i) => mesh.nodes[i]!.replicator.ownItems.totals!.gaps) > 0);
    await mesh.stop();
  });
});
