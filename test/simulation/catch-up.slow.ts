import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ItemKey, type Snapshot, SortedVector } from '../../src/store/index.ts';
import { fill, lineUp, SLICES, simulate } from './line-up.ts';

describe('a mesh under virtual time', () => {
  it('catches up from a peer that asks first, after a session that had to stop', async (context) => {
    const mesh = simulate(context, 'halves', { ...SLICES, maxMissing: 400, intervalMs: 60_000 });
    const [left, right] = await lineUp(mesh, 2);
    await fill(mesh, [left!], 3_000);
    await fill(mesh, [right!], 3_000, 1_500);
    mesh.link(0, 1, { latencyMs: 10, bytesPerMs: 100 });
    assert.ok(await mesh.converge(30_000), `${left!.replica.status().items} of 6,000 items`);
  });
});

describe('catching up under virtual time', () => {
  it('finds in a second peer what the first one conceals', async (context) => {
    const mesh = simulate(context, 'omission', { ...SLICES, intervalMs: 600_000 });
    await mesh.add('empty');
    // It shows the set without hints 1,000 to 1,199, though it holds them.
    const liar = await mesh.add('liar', { shows: (snapshot) => without(snapshot, 1_000n, 1_200n) });
    const honest = await mesh.add('honest');
    await fill(mesh, [liar, honest], 3_000);
    mesh.link(0, 1, { latencyMs: 5 });
    mesh.link(0, 2, { latencyMs: 40 });
    const [empty] = mesh.nodes;
    for (let i = 0; i < 100 && empty!.replica.status().items < 3_000; i++)
      await mesh.clock.advance(200);
    assert.equal(empty!.replica.status().items, 3_000);
    const beforeClosing = empty!.sessions.findIndex(
      ({ asked, mode, missing }) => asked === null && mode === 'reconcile' && missing > 0,
    );
    assert.equal(beforeClosing, -1, 'before the sessions that close the catch-up');
  });

  it('ends while the node keeps getting writes, although a listed item never arrives', async (context) => {
    const mesh = simulate(context, 'writes', { ...SLICES, intervalMs: 60_000 });
    const empty = await mesh.add('empty');
    const invented = { hint: 1_500n, id: mesh.random.bytes(32) };
    const liar = await mesh.add('liar', { shows: (snapshot) => withKey(snapshot, invented) });
    const honest = await mesh.add('honest');
    await fill(mesh, [liar, honest], 3_000);
    mesh.link(0, 1, { latencyMs: 5 });
    mesh.link(0, 2, { latencyMs: 5 });
    while (empty.replicator.sessions.catchUp === null) await mesh.clock.advance(20);
    const seconds = 30;
    for (let i = 0; i < seconds && empty.replicator.sessions.catchUp !== null; i++) {
      await empty.replica.put([{ hint: 5_000n + BigInt(i), payload: mesh.random.bytes(20) }]);
      await mesh.clock.advance(1_000);
    }
    assert.equal(empty.replicator.sessions.catchUp, null);
    assert.ok(empty.replica.status().items > 3_000);
  });

  it('goes on with others when a peer leaves, and with one alone', async (context) => {
    const mesh = simulate(context, 'leaving', { ...SLICES, intervalMs: 60_000 });
    const nodes = await lineUp(mesh, 4);
    const [empty, ...full] = nodes;
    await fill(mesh, full, 3_000);
    for (let i = 1; i < 4; i++) mesh.link(0, i, { latencyMs: 10, bytesPerMs: 40 });
    while (empty!.replica.status().items < 300) await mesh.clock.advance(20);
    mesh.network.disconnect('node-0', 'node-1');
    while (empty!.replica.status().items < 1_200) await mesh.clock.advance(20);
    mesh.network.disconnect('node-0', 'node-2');
    assert.ok(await mesh.converge(120_000));
    await mesh.clock.advance(5_000);
    assert.equal(empty!.replicator.sessions.catchUp, null);
    assert.ok(empty!.replicator.peers.inSync('node-3'));
  });

  it('goes on where it was interrupted', async (context) => {
    const mesh = simulate(context, 'interrupted', { ...SLICES, intervalMs: 60_000 });
    const nodes = await lineUp(mesh, 3);
    const [empty, ...full] = nodes;
    await fill(mesh, full, 4_000);
    const join = (bytesPerMs: number) => {
      for (let i = 1; i < 3; i++) mesh.link(0, i, { latencyMs: 10, bytesPerMs });
    };
    join(40);
    while (empty!.replica.status().items < 2_000) await mesh.clock.advance(20);
    for (const { id } of full) mesh.network.disconnect('node-0', id);
    await mesh.clock.advance(1_000);
    assert.equal(empty!.replicator.sessions.catchUp, null);
    const stored = empty!.replica.status().items;
    const before = empty!.sessions.length;
    join(40);
    assert.ok(await mesh.converge(120_000));
    const after = empty!.sessions.slice(before);
    const listed = after.reduce((sum, { missing }) => sum + missing, 0);
    assert.ok(
      listed <= 1.05 * (4_000 - stored),
      `${listed} ids listed of ${4_000 - stored} missing`,
    );
  });
});

/** A set without what has hints from `from` up to `to`. */
function without(snapshot: Snapshot, from: bigint, to: bigint): Snapshot {
  const storage = new SortedVector({ scheme: snapshot.scheme });
  const keys = [...snapshot.keys(0, snapshot.size)];
  storage.insert(keys.filter(({ hint }) => hint < from || hint >= to));
  snapshot.release();
  return storage.snapshot();
}

/** A set with a key that has no item on any node. */
function withKey(snapshot: Snapshot, key: ItemKey): Snapshot {
  const storage = new SortedVector({ scheme: snapshot.scheme });
  storage.insert([...snapshot.keys(0, snapshot.size), key]);
  snapshot.release();
  return storage.snapshot();
}
