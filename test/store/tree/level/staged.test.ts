import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readU64BE } from '../../../../src/store/index.ts';
import type { BatchOperation } from '../../../../src/store/level/index.ts';
import type { DurableTree } from '../../../../src/store/tree/level/index.ts';
import { treeKeys } from '../../../../src/store/tree/level/index.ts';
import type { StagedWrite } from '../../../../src/store/tree/level/testing.ts';
import { audit, commit, durableTrees, keysOf } from './support.ts';

const setUp = durableTrees();

describe('writes that are staged on top of each other', () => {
  it('can be worked out while the one before is on its way, three deep', async () => {
    const { database, tree, reopen } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 30) }));
    const writes = [
      tree.stage({ insert: keysOf(30, 60) }),
      tree.stage({ insert: keysOf(60, 70), remove: keysOf(25, 40) }),
      tree.stage({ remove: keysOf(60, 65) }),
    ];
    for (const [i, write] of writes.entries()) {
      assert.equal(tree.size, [30, 60, 55][i], 'shows the committed writes');
      write.begin();
      await commit(database, write);
    }
    const wanted = [...keysOf(0, 25), ...keysOf(40, 60), ...keysOf(65, 70)];
    assert.deepEqual(contents(tree), wanted);
    await audit(tree);
    assert.deepEqual(contents(reopen()), wanted);
  });

  it('sees in each the keys of those before it', async () => {
    const { database, tree } = await setUp();
    const first = tree.stage({ insert: keysOf(0, 9) });
    assert.throws(() => tree.stage({ insert: keysOf(3, 4) }), RangeError);
    const second = tree.stage({ remove: keysOf(3, 4) });
    assert.throws(() => tree.stage({ remove: keysOf(3, 4) }), RangeError);
    for (const write of [first, second]) {
      write.begin();
      await commit(database, write);
    }
    assert.equal(tree.size, 8);
    await audit(tree);
  });

  it('fall with a write that is discarded, and the next starts from the committed tree', async () => {
    const { database, tree } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 10) }));
    for (let round = 0; round < 2; round++) {
      const failed = tree.stage({ insert: keysOf(10, 20) });
      const behind = tree.stage({ insert: keysOf(20, 30) });
      failed.begin();
      failed.discard();
      tree.prepare({ insert: keysOf(20, 25) }).discard();
      behind.discard();
      assert.equal(tree.size, 10);
    }
    await commit(database, tree.prepare({ insert: keysOf(15, 25) }));
    assert.deepEqual(contents(tree), [...keysOf(0, 10), ...keysOf(15, 25)]);
    await audit(tree);
  });

  it('leave the last of them in place when one before it is committed', async () => {
    const { database, tree } = await setUp();
    const first = tree.stage({ insert: keysOf(0, 10) });
    const second = tree.stage({ insert: keysOf(10, 20) });
    first.begin();
    await commit(database, first);
    assert.throws(() => tree.prepare({}), /committed or discarded first/);
    second.begin();
    await commit(database, second);
    await commit(database, tree.prepare({ insert: keysOf(20, 21) }));
    assert.equal(tree.size, 21);
    await audit(tree);
  });

  it('never give a node a number that one had before, not even in a write that was discarded', async () => {
    const { database, tree, name } = await setUp();
    const seen = new Set<number>();
    const note = (write: StagedWrite): StagedWrite => {
      for (const ref of refsOf(name, write.operations)) {
        assert.ok(!seen.has(ref), `number ${ref} was given twice`);
        seen.add(ref);
      }
      return write;
    };
    const kept = note(tree.stage({ insert: keysOf(0, 20) }));
    kept.begin();
    await commit(database, kept);
    const discarded = [note(tree.stage({ insert: keysOf(20, 40) }))];
    discarded.push(note(tree.stage({ insert: keysOf(40, 90) })));
    for (const write of discarded) write.discard();
    note(tree.stage({ insert: keysOf(30, 60) })).discard();
    const last = note(tree.stage({ remove: keysOf(0, 20) }));
    last.begin();
    await commit(database, last);
    note(tree.stage({ insert: keysOf(0, 20) })).discard();
  });

  it('are settled once: a discarded write cannot be committed, nor the other way round', async () => {
    const { database, tree } = await setUp();
    const discarded = tree.stage({ insert: keysOf(0, 10) });
    discarded.begin();
    discarded.discard();
    discarded.commit();
    assert.equal(tree.size, 0);
    const committed = tree.stage({ insert: keysOf(0, 5) });
    committed.begin();
    await commit(database, committed);
    const next = tree.stage({ insert: keysOf(5, 6) });
    committed.discard();
    committed.commit();
    assert.throws(() => tree.prepare({}), /committed or discarded first/, 'the next is in place');
    next.begin();
    await commit(database, next);
    assert.equal(tree.size, 6);
  });
});

describe('a snapshot that is taken while a batch is being written', () => {
  it('shows the tree as it was before, however long the disk takes', async () => {
    const set = await setUp({ maxSnapshotAgeMs: 1000 });
    const { database, tree, clock } = set;
    await commit(database, tree.prepare({ insert: keysOf(0, 40) }));
    for (let round = 0; round < 2; round++) {
      const before = contents(tree);
      const write = tree.stage({ remove: before.slice(0, 10) });
      write.begin();
      await database.batch([...write.operations]);
      await clock.advance(600);
      assert.deepEqual(contents(tree), before, `write ${round}`);
      write.commit();
      assert.deepEqual(contents(tree), before.slice(10));
    }
    assert.equal(clock.pending, 0);
  });

  it('does so too when a write behind it is discarded before it was begun', async () => {
    // Without a cache, so that each node is read as of the snapshot.
    const init = { maxSnapshotAgeMs: 1000, cacheBytes: 0 };
    const { database, tree, clock } = await setUp(init);
    await commit(database, tree.prepare({ insert: keysOf(0, 40) }));
    const held = tree.snapshot();
    const write = tree.stage({ remove: keysOf(0, 10) });
    write.begin();
    tree.stage({ insert: keysOf(50, 60) }).discard();
    await database.batch([...write.operations]);
    await clock.advance(600);
    assert.deepEqual(contents(tree), keysOf(0, 40));
    write.commit();
    assert.deepEqual(contents(tree), keysOf(10, 40));
    held.release();
  });

  it('is shared with the readers before the batch, and with none afterwards', async () => {
    let open = 0;
    const { database, tree } = await setUp({}, (snapshots) => {
      open += snapshots;
    });
    for (const settle of ['commit', 'discard'] as const) {
      const write = tree.stage({ insert: keysOf(tree.size, tree.size + 5) });
      const before = tree.snapshot();
      write.begin();
      assert.equal(open, 1, 'a batch holds on to the snapshot before it');
      before.release();
      assert.equal(open, 1, 'also when no reader is left');
      if (settle === 'commit') await database.batch([...write.operations]);
      write[settle]();
      assert.equal(open, 0, `and lets go of it after a ${settle}`);
    }
  });

  it('is renewed by its age again once the write is settled', async () => {
    let taken = 0;
    const { database, tree, clock } = await setUp({ maxSnapshotAgeMs: 1000 }, (snapshots) => {
      taken += Math.max(0, snapshots);
    });
    for (const settle of ['commit', 'discard'] as const) {
      const write = tree.stage({ insert: keysOf(tree.size, tree.size + 5) });
      const held = [tree.snapshot()];
      write.begin();
      if (settle === 'commit') await database.batch([...write.operations]);
      write[settle]();
      held.push(tree.snapshot());
      const before = taken;
      await clock.advance(500);
      held.push(tree.snapshot());
      assert.equal(taken, before + 1, `a new one at half its age after a ${settle}`);
      for (const snapshot of held) snapshot.release();
    }
  });
});

function contents(tree: DurableTree): ReturnType<typeof keysOf> {
  const snapshot = tree.snapshot();
  const keys = [...snapshot.keys(0, snapshot.size)];
  snapshot.release();
  return keys;
}

/** Numbers of the nodes that a batch writes. */
function refsOf(name: string, operations: readonly BatchOperation[]): number[] {
  const prefix = Buffer.from(treeKeys(name).node(0).subarray(0, -8));
  return operations
    .filter(({ type, key }) => type === 'put' && prefix.equals(key.subarray(0, prefix.length)))
    .map(({ key }) => Number(readU64BE(key, key.length - 8)));
}
