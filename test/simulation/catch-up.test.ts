import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SessionReport } from '../../src/protocol/index.ts';
import { INFINITE_BOUND, ZERO_BOUND } from '../../src/store/index.ts';
import { fill, lineUp, SLICES, sessionBytes, simulate } from './line-up.ts';
import type { SimulatedMesh } from './simulated-mesh.ts';

function openings(mesh: SimulatedMesh): number {
  return mesh.trace.filter((line) => line.includes('open /rangemesh/simulation/native')).length;
}

describe('a mesh under virtual time', () => {
  it('converges along a line of five nodes, each connected to its neighbours alone', async (context) => {
    const mesh = simulate(context, 'line');
    const nodes = await lineUp(mesh, 5);
    for (let i = 0; i < 4; i++) mesh.link(i, i + 1, { latencyMs: 20 });
    for (const [at, node] of nodes.entries()) await fill(mesh, [node], 30, 1_000 * at);
    assert.ok(await mesh.converge(60_000));
    assert.equal(nodes[0]!.replica.status().items, 150);
    assert.ok(openings(mesh) <= 8, 'one stream a pair, and one that gave way');
    assert.ok(nodes[2]!.sessions.length > 8);
  });

  it('converges after a partition in which both halves wrote', async (context) => {
    const mesh = simulate(context, 'partition');
    const nodes = await lineUp(mesh, 6);
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [2, 0],
      [3, 4],
      [4, 5],
      [5, 3],
    ] as const)
      mesh.link(a, b, { latencyMs: 10 });
    await fill(mesh, [nodes[0]!], 200);
    await fill(mesh, [nodes[4]!], 200, 10_000);
    await mesh.clock.advance(20_000);
    assert.deepEqual(
      nodes.map(({ replica }) => replica.status().items),
      [200, 200, 200, 200, 200, 200],
    );
    assert.ok(!mesh.equal);
    mesh.link(2, 3, { latencyMs: 50 });
    assert.ok(await mesh.converge(60_000));
    assert.equal(nodes[5]!.replica.status().items, 400);
  });

  it('keeps one stream a pair, and grows calmer while nothing differs', async (context) => {
    const mesh = simulate(context, 'calm', { intervalMs: 1_000, intervalMaxMs: 16_000 });
    const nodes = await lineUp(mesh, 3);
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const)
      mesh.link(a, b, { latencyMs: 10 });
    await mesh.clock.advance(30_000);
    const early = nodes[0]!.sessions.length;
    const opened = openings(mesh);
    assert.ok(opened <= 6, 'one stream a pair, and one that gave way');
    await mesh.clock.advance(60_000);
    const late = nodes[0]!.sessions.length - early;
    assert.ok(early > 8 && late <= 16, `${early} sessions in 30 s, then ${late} in 60 s`);
    assert.ok(nodes[0]!.sessions.every(({ equal }) => equal));
    assert.equal(openings(mesh), opened);
    assert.ok(
      nodes[0]!.sessions.slice(-3).every((report) => report.bytesSent + report.bytesReceived < 150),
    );
  });

  it('announces its writes while a peer delivers as slowly as it may', async (context) => {
    const mesh = simulate(context, 'drip', { intervalMs: 600_000 });
    const node = await mesh.add('node');
    const slow = await mesh.add('slow', { servesAfterMs: 8_000 });
    const other = await mesh.add('other');
    await fill(mesh, [slow], 100);
    mesh.link(0, 1, { latencyMs: 10 });
    mesh.link(0, 2, { latencyMs: 10 });
    await mesh.clock.advance(120_000);
    const { items } = node.replica.status();
    assert.ok(items > 0 && items < 50, `${items} items`);
    await node.replica.put([{ hint: 1n, payload: mesh.random.bytes(20) }]);
    await mesh.clock.advance(10_000);
    assert.ok(other.replica.status().items > items, 'other has it');
  });

  it('runs no session with peers whose set another one lists already', async (context) => {
    const mesh = simulate(context, 'mirrors', { intervalMs: 60_000, batchItems: 64 });
    const nodes = await lineUp(mesh, 9);
    const [empty, ...full] = nodes;
    await fill(mesh, full, 2_000);
    for (let i = 1; i < 9; i++) mesh.link(0, i, { latencyMs: 15, jitterMs: 5 });
    assert.ok(await mesh.converge(60_000));
    await mesh.clock.advance(5_000);
    const listing = empty!.sessions.filter(({ missing }) => missing > 0);
    assert.equal(listing.length, 1);
    assert.ok(sessionBytes(empty!) <= 1.5 * 32 * 2_000, `${sessionBytes(empty!)} bytes`);
    const served = full.filter(({ fetch }) => fetch.totals.sentBytes > 0);
    assert.ok(served.length >= 6, `${served.length} peers served items`);
    for (const { id } of full) {
      assert.ok(empty!.replicator.peers.inSync(id));
      assert.notEqual(empty!.replicator.statements.of(id).equalAsOf, null);
    }
  });
});

describe('catching up under virtual time', () => {
  it('shares slices among peers, lists each once, and checks each with a second peer', async (context) => {
    const mesh = simulate(context, 'slices', { ...SLICES, intervalMs: 60_000 });
    const nodes = await lineUp(mesh, 5);
    const [empty, ...full] = nodes;
    await fill(mesh, full, 4_000);
    for (let i = 1; i < 5; i++) mesh.link(0, i, { latencyMs: 15, bytesPerMs: 100 });
    const progress = new Set<string>();
    for (let i = 0; i < 200 && !(mesh.equal && empty!.replicator.sessions.catchUp === null); i++) {
      await mesh.clock.advance(100);
      const now = empty!.replicator.sessions.catchUp;
      if (now !== null) progress.add(`${now.phase} ${now.stored >= 4_000 ? 'all' : 'some'}`);
      if (now !== null) assert.ok(now.stored + now.missing <= 4_000 + 256, JSON.stringify(now));
    }
    assert.ok(mesh.equal);
    assert.ok(progress.has('slices some'));
    const slices = empty!.sessions.filter(
      ({ asked, mode }) => asked !== null && mode === 'reconcile',
    );
    const listers = new Set(slices.filter(({ missing }) => missing > 0).map(({ peer }) => peer));
    assert.equal(listers.size, 4, 'every peer lists some');
    const checks = slices.filter(({ missing }) => missing === 0);
    const lists = slices.filter(({ missing }) => missing > 0);
    assert.ok(lists.length >= 16);
    assert.ok(checks.length >= lists.length, 'every slice is checked');
    for (const check of checks) {
      const same = (report: SessionReport) => report.asked!.lower === check.asked!.lower;
      assert.ok(
        lists.every((list) => !same(list) || list.peer !== check.peer),
        'by another peer',
      );
    }
    assert.ok(sessionBytes(empty!) <= 1.5 * 32 * 4_000, `${sessionBytes(empty!)} bytes`);
    await mesh.clock.advance(5_000);
    for (const { id } of full) {
      assert.ok(empty!.replicator.peers.inSync(id));
      const { equalAsOf } = empty!.replicator.statements.of(id);
      assert.deepEqual(equalAsOf?.interval, { lower: ZERO_BOUND, upper: INFINITE_BOUND });
    }
  });
});
