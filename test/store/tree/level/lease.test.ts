import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../../../src/store/index.ts';
import { audit, commit, durableTrees, keysOf, type SetUp } from './support.ts';

const setUp = durableTrees();

/** A tree of 50 keys, and how many snapshots of its database are open. */
async function counted(
  options: { maxSnapshotAgeMs?: number; clock?: Clock } = {},
): Promise<SetUp & { open: () => number; taken: () => number }> {
  let open = 0;
  let taken = 0;
  const set = await setUp(options, (snapshots) => {
    open += snapshots;
    taken += Math.max(0, snapshots);
  });
  await commit(set.database, set.tree.prepare({ insert: keysOf(0, 50) }));
  taken = 0;
  return { ...set, open: () => open, taken: () => taken };
}

describe("LevelDB's snapshots under those of a tree", () => {
  it('are shared until half their age, and not from then on', async () => {
    const { tree, clock, open, taken } = await counted({ maxSnapshotAgeMs: 1000 });
    const kept = [tree.snapshot()];
    await clock.advance(499);
    kept.push(tree.snapshot());
    assert.equal(taken(), 1, 'shared a millisecond before half its age');
    await clock.advance(1);
    kept.push(tree.snapshot(), tree.snapshot());
    assert.equal(taken(), 2, 'a new one at half its age, which is shared too');
    for (const snapshot of kept) snapshot.release();
    assert.equal(open(), 0);
    tree.snapshot();
    assert.equal(taken(), 3, 'a closed one is not used again');
  });

  it('last ten minutes unless told otherwise', async () => {
    const { tree, clock } = await counted();
    const snapshot = tree.snapshot();
    await clock.advance(599_999);
    assert.equal(snapshot.select(0).hint, 0n);
    await clock.advance(1);
    assert.throws(() => snapshot.select(0), { code: 'SNAPSHOT_EXPIRED' });
  });

  it('last as long as they were asked for, beside others', async () => {
    const { tree, clock } = await counted({ maxSnapshotAgeMs: 1000 });
    const [long, usual] = [tree.snapshot(5_000), tree.snapshot()];
    await clock.advance(4_999);
    assert.equal(long.select(0).hint, 0n);
    assert.throws(() => usual.select(0), { code: 'SNAPSHOT_EXPIRED' });
    await clock.advance(1);
    assert.throws(() => long.select(0), { code: 'SNAPSHOT_EXPIRED' });
  });

  it('are closed when they are too old, without any call', async () => {
    const { tree, clock, open } = await counted({ maxSnapshotAgeMs: 1000 });
    tree.snapshot();
    tree.snapshot();
    await clock.advance(999);
    assert.equal(open(), 1);
    await clock.advance(1);
    assert.equal(open(), 0);
  });

  it('are too old at their age, also before a late timer says so', async () => {
    let now = 0;
    const clock: Clock = { now: () => now, monotonic: () => now, after: () => () => {} };
    const { tree, open } = await counted({ maxSnapshotAgeMs: 1000, clock });
    const snapshot = tree.snapshot();
    now = 999;
    assert.equal(snapshot.select(1).hint, 1n);
    now = 1000;
    for (let again = 0; again < 2; again++) {
      assert.throws(() => snapshot.select(1), { code: 'SNAPSHOT_EXPIRED' });
      assert.equal(open(), 0, 'and is let go of once');
    }
  });

  it('are closed with the tree, the shared snapshots and those before a write', async () => {
    const { database, tree, clock, open } = await counted();
    tree.snapshot();
    tree.snapshot();
    await commit(database, tree.prepare({ remove: keysOf(0, 10) }));
    tree.snapshot().release();
    tree.snapshot();
    assert.equal(open(), 2);
    tree.close();
    assert.equal(open(), 0);
    assert.equal(clock.pending, 0, 'no timer is left');
  });
});

describe('a look into a tree', () => {
  it('says whether it holds exactly a key, and keeps no snapshot', async () => {
    const { tree, clock, open } = await counted();
    const [first, last] = [keysOf(0, 1)[0]!, keysOf(49, 50)[0]!];
    assert.ok(tree.holds(first));
    assert.ok(tree.holds(last));
    assert.ok(!tree.holds({ ...first, hint: 1n }), 'another hint');
    assert.ok(!tree.holds({ ...last, id: new Uint8Array(32).fill(50) }), 'above all keys');
    assert.ok(!tree.holds({ ...first, id: new Uint8Array(32).fill(9) }), 'another id');
    assert.deepEqual([open(), clock.pending], [0, 0]);
    tree.close();
    assert.throws(() => tree.holds(first), { code: 'STORE_CLOSED' });
  });

  it('audits the tree of its beginning, despite writes meanwhile, and lets go', async () => {
    const { database, tree, open } = await counted();
    const steps = tree.audit();
    await steps.next();
    await commit(database, tree.prepare({ remove: keysOf(0, 40), insert: keysOf(50, 60) }));
    for await (const _ of steps);
    assert.equal(open(), 0);
    await audit(tree);
    const broken = tree.audit();
    await broken.next();
    await broken.return(undefined);
    assert.equal(open(), 0, 'also when it is broken off');
    tree.close();
    await assert.rejects(audit(tree), { code: 'STORE_CLOSED' });
  });
});
