import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lthash } from '../../../../src/store/index.ts';
import type { PreparedCommit } from '../../../../src/store/replica/durable-set/index.ts';
import { countingScheme } from '../../../support/counting-scheme.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import {
  add,
  type Kept,
  numberedItem,
  numberedItems,
  openCommitter,
} from '../committer-support.ts';

describe('a durable set', () => {
  it('deletes a bounded number of unneeded log records with each commit', async (t) => {
    const database = memoryDatabase();
    const shape = { trimRecords: 3 };
    const first = await openCommitter(t, { database, shape });
    for (let i = 0; i < 8; i++) await add(first.committer, [numberedItem(i)]);
    // Opened again: LevelDB has moved its log into tables then.
    const kept = await openCommitter(t, { database, shape });
    await mergeAll(kept);
    assert.deepEqual(await logged(kept), [1, 2, 3, 4, 5, 6, 7, 8, 9], 'the slice needs them yet');
    const seen: number[][] = [];
    for (let i = 0; i < 4; i++) {
      await kept.committer.commit((set) => set.markRefill(false));
      seen.push(await logged(kept));
    }
    assert.deepEqual(seen, [
      [4, 5, 6, 7, 8, 9, 10],
      [7, 8, 9, 10, 11],
      [9, 10, 11, 12],
      [9, 10, 11, 12, 13],
    ]);
    assert.equal(
      kept.committer.lifecycle.state.logBegin,
      9,
      'what came after opening may be lost with the log',
    );
  });

  it('keeps the log records of buffered keys, also during a sweep', async (t) => {
    const database = memoryDatabase();
    const first = await openCommitter(t, { database });
    for (let i = 0; i < 6; i++) await add(first.committer, [numberedItem(i)]);
    const kept = await openCommitter(t, { database });
    const { committer } = kept;
    committer.lifecycle.use().startSweep();
    await committer.commit((set) => set.merge(0));
    await add(committer, [numberedItem(100)]);
    await committer.commit((set) => set.merge(0));
    assert.equal(
      committer.lifecycle.state.logBegin,
      1,
      'keys of the first commits may still be buffered',
    );
    while (await committer.commit((set) => set.merge(0)));
    assert.deepEqual(
      [committer.lifecycle.use().buffered, committer.lifecycle.use().sweeping],
      [1, false],
    );
    await committer.commit((set) => set.markRefill(false));
    assert.equal(
      committer.lifecycle.state.logBegin,
      7,
      'all that came before the sweep is in the tree',
    );
    const third = await openCommitter(t, { database });
    assert.equal(third.committer.lifecycle.use().buffered, 1);
    const snapshot = third.committer.lifecycle.use().snapshot();
    assert.deepEqual(
      [...snapshot.keys(0, snapshot.size)].map(({ hint }) => Number(hint)),
      [0, 1, 2, 3, 4, 5, 100],
    );
  });

  it('reports from how many commits the buffer may hold keys', async (t) => {
    const { committer, database } = await openCommitter(t);
    assert.equal(committer.lifecycle.use().unmerged, 0);
    await committer.commit((set) => set.markRefill(false));
    assert.equal(committer.lifecycle.use().unmerged, 0);
    await add(committer, [numberedItem(1)]);
    await committer.commit((set) => set.markRefill(false));
    assert.equal(committer.lifecycle.use().unmerged, 2);
    await mergeAll({ committer });
    assert.equal(committer.lifecycle.use().unmerged, 0);
    const again = await openCommitter(t, { database });
    assert.equal(
      again.committer.lifecycle.use().unmerged,
      0,
      'nothing is in the buffer that was opened',
    );
  });

  it('counts the bytes of each commit in the log', async (t) => {
    const { committer } = await openCommitter(t);
    const before = committer.lifecycle.use().loggedBytes;
    for (const number of [1, 2]) {
      await add(committer, [{ ...numberedItem(number), payload: new Uint8Array(10_000) }]);
      const more = committer.lifecycle.use().loggedBytes - before;
      assert.ok(more > 10_000 * number && more < 11_000 * number, `${more} bytes`);
    }
  });

  it('sums part of the buffer with each commit once too many ids are unsummed', async (t) => {
    const { scheme, ids } = countingScheme(lthash);
    const { committer } = await openCommitter(t, { scheme, shape: { unsummedIds: 10 } });
    const summed: boolean[] = [];
    let next = 0;
    // The last key of the commit that sums some is not worked in yet, and goes on counting.
    for (const count of [9, 1, 8, 1, 8, 1]) {
      const before = ids();
      await add(committer, numberedItems(next, count));
      next += count;
      // Has what waits worked in, which a lookup of a key does.
      committer.lifecycle.use().holds(numberedItem(0));
      summed.push(ids() > before);
    }
    assert.deepEqual(summed, [false, true, false, true, false, true]);
  });

  it('sweeps its buffer once, however often a sweep is requested', async (t) => {
    const { committer } = await openCommitter(t);
    await add(committer, numberedItems(0, 12));
    committer.lifecycle.use().startSweep();
    await committer.commit((set) => set.merge(0));
    assert.equal(committer.lifecycle.use().buffered, 8, 'a slice has four keys at least');
    committer.lifecycle.use().startSweep();
    await add(committer, [numberedItem(500)]);
    committer.lifecycle.use().startSweep();
    while (await committer.commit((set) => set.merge(0)));
    assert.equal(
      committer.lifecycle.use().buffered,
      1,
      'what came behind the sweep waits for the next one',
    );
    assert.equal(await committer.commit((set) => set.merge(0)), false, 'no sweep, no slice');
    await mergeAll({ committer });
    assert.equal(committer.lifecycle.use().buffered, 0);
  });

  it('returns to its earlier state when a commit is discarded with all later ones', async (t) => {
    const { committer } = await openCommitter(t);
    await add(committer, numberedItems(0, 3));
    for (let round = 0; round < 2; round++) {
      const before = committer.lifecycle.state;
      const set = committer.lifecycle.use();
      const prepared: PreparedCommit[] = [];
      for (const from of [100, 200]) prepared.push(set.add(numberedItems(from, 2), []));
      assert.deepEqual([set.buffered, prepared[1]!.number], [7, before.commit + 2]);
      prepared[1]!.discard();
      prepared[0]!.discard();
      assert.deepEqual([set.buffered, set.state], [3, before]);
    }
    await add(committer, numberedItems(300, 1));
    assert.equal(committer.lifecycle.state.items, 4);
    committer.lifecycle.use().startSweep();
    const merge = committer.lifecycle.use().merge(1e9);
    assert.equal(committer.lifecycle.use().buffered, 0);
    merge?.discard();
    assert.equal(
      committer.lifecycle.use().buffered,
      4,
      'a slice that is discarded stays in the buffer',
    );
    await mergeAll({ committer });
    const snapshot = committer.lifecycle.use().snapshot();
    assert.deepEqual(
      [...snapshot.keys(0, snapshot.size)].map(({ hint }) => Number(hint)),
      [0, 1, 2, 300],
    );
  });

  it('keeps a large batch out of the buffer, and counts it all the same', async (t) => {
    const { committer, keys, database } = await openCommitter(t, { shape: { leafItems: 64 } });
    await add(committer, numberedItems(0, 200));
    assert.deepEqual(
      [committer.lifecycle.use().buffered, committer.lifecycle.state.items],
      [0, 200],
    );
    assert.ok(committer.lifecycle.use().holds(numberedItem(150)));
    const before = await logged({ keys, database });
    assert.deepEqual(before, [1], 'its log record has no keys');
    const again = await openCommitter(t, { database, shape: { leafItems: 64 } });
    assert.deepEqual(
      [again.committer.lifecycle.use().buffered, again.committer.lifecycle.use().snapshot().size],
      [0, 200],
    );
  });
});

async function mergeAll({ committer }: Pick<Kept, 'committer'>): Promise<void> {
  committer.lifecycle.use().startSweep();
  while (await committer.commit((set) => set.merge(1e9)));
}

/** Numbers of the commits whose log records are there. */
async function logged({ keys, database }: Pick<Kept, 'keys' | 'database'>): Promise<number[]> {
  const found: number[] = [];
  for (let commit = 1; commit < 40; commit++) {
    if ((await database.get(keys.log(commit))) !== undefined) found.push(commit);
  }
  return found;
}
