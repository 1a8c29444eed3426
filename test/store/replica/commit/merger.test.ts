import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../../support/clock.ts';
import { add, numberedItem, numberedItems } from '../committer-support.ts';
import { openMerger, SlowClock, slowDown, spyOnMerges, waits } from './merger-support.ts';

describe('merging the buffer', () => {
  it('begins when half of it is full, each time', async (t) => {
    for (const [bufferItems, half] of [
      [8, 4],
      [7, 4],
    ] as const) {
      const { kept, merger } = await openMerger(t, { bufferItems });
      for (const from of [0, 100]) {
        await add(kept.committer, numberedItems(from, half - 1));
        merger.wake();
        await kept.clock.advance(10);
        assert.equal(
          kept.committer.lifecycle.use().buffered,
          half - 1,
          'less than half is left alone',
        );
        await add(kept.committer, [numberedItem(from + 50)]);
        merger.wake();
        await kept.clock.advance(10);
        assert.equal(
          kept.committer.lifecycle.use().buffered,
          0,
          `half of ${bufferItems} is merged`,
        );
      }
    }
  });

  it('begins after so many commits, however few keys they brought', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 100, maxCommits: 5 });
    const idle = async (commits: number): Promise<void> => {
      for (let i = 0; i < commits; i++) await kept.committer.commit((set) => set.markRefill(false));
      merger.wake();
      await kept.clock.advance(10);
    };
    await idle(6);
    assert.equal(kept.committer.lifecycle.use().unmerged, 0, 'nothing is buffered');
    for (const from of [0, 100]) {
      await add(kept.committer, [numberedItem(from)]);
      await idle(3);
      assert.deepEqual(
        [kept.committer.lifecycle.use().buffered, kept.committer.lifecycle.use().unmerged],
        [1, 4],
      );
      await idle(1);
      assert.equal(kept.committer.lifecycle.use().buffered, 0);
      // The commit that moved the key counts, until another finds the buffer empty.
      await idle(1);
      assert.equal(kept.committer.lifecycle.use().unmerged, 0);
    }
  });

  it('makes batches wait once the buffer is full during a merge, and not one key earlier', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 8 });
    for (const from of [0, 1_000]) {
      await add(kept.committer, numberedItems(from, 20));
      assert.equal(await waits(merger), false, 'nothing is being merged');
      merger.wake();
      await settle();
      assert.ok(kept.committer.lifecycle.use().sweeping);
      const room = 7 - kept.committer.lifecycle.use().buffered;
      await add(kept.committer, numberedItems(from + 100, room));
      assert.equal(await waits(merger), false, 'one key is missing to its bound');
      await add(kept.committer, [numberedItem(from + 200)]);
      assert.equal(await waits(merger), true, 'the buffer never grows beyond its bound');
      await kept.clock.advance(10);
      assert.equal(await waits(merger), false, 'what waited goes on');
    }
  });

  it('releases all waiting batches once there is room, or the merger stops', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 8 });
    for (const end of ['a slice', 'stopping'] as const) {
      await add(kept.committer, numberedItems(end === 'a slice' ? 0 : 1_000, 8));
      merger.wake();
      await settle();
      await add(kept.committer, numberedItems(end === 'a slice' ? 100 : 1_100, 8));
      let gone = 0;
      for (let i = 0; i < 3; i++) void merger.room().then(() => gone++);
      await settle();
      assert.equal(gone, 0);
      if (end === 'stopping') merger.stop();
      else await kept.clock.advance(1);
      await settle();
      assert.equal(gone, 3, `after ${end}`);
    }
  });

  it('ends after the running slice when it is stopped', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 16, clock: new SlowClock() });
    await slowDown(kept, merger);
    await add(kept.committer, numberedItems(0, 40));
    let sweeps = 0;
    const set = kept.committer.lifecycle.use();
    set.startSweep = ((start) => () => {
      sweeps++;
      start.call(set);
    })(set.startSweep);
    merger.wake();
    await settle();
    assert.equal(set.buffered, 36, 'a slow slice takes few keys');
    merger.stop();
    await kept.clock.advance(10);
    assert.equal(set.buffered, 36);
    merger.wake();
    await merger.begin();
    await kept.clock.advance(10);
    assert.deepEqual([set.buffered, sweeps], [36, 1]);
  });

  it('releases waiting batches once a slice made room, before the merge ends', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 16, clock: new SlowClock() });
    await slowDown(kept, merger);
    await add(kept.committer, numberedItems(0, 40));
    merger.wake();
    let buffered = 0;
    void merger.room().then(() => {
      buffered = kept.committer.lifecycle.use().buffered;
    });
    await kept.clock.advance(10);
    assert.equal(buffered, 12, 'the first slice that leaves less than sixteen');
    assert.equal(kept.committer.lifecycle.use().buffered, 0);
  });

  it('does not begin with an empty buffer', async (t) => {
    const { kept, merger } = await openMerger(t, { maxCommits: 0 });
    merger.wake();
    assert.equal(kept.committer.lifecycle.use().sweeping, false);
    await add(kept.committer, [numberedItem(1)]);
    merger.wake();
    assert.equal(kept.committer.lifecycle.use().sweeping, true);
  });

  it('continues after each failure, and releases the waiting batches', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 8 });
    await add(kept.committer, numberedItems(0, 6));
    for (let round = 0; round < 2; round++) {
      const { committer } = kept;
      const commit = committer.commit.bind(committer);
      committer.commit = () => Promise.reject(new Error('it burns'));
      merger.wake();
      await settle();
      committer.commit = commit;
      assert.equal(await waits(merger), false);
      assert.equal(committer.lifecycle.use().buffered, 6);
    }
    merger.wake();
    await kept.clock.advance(10);
    assert.equal(kept.committer.lifecycle.use().buffered, 0);
  });

  it('continues an unfinished sweep, however little is buffered', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 100 });
    await add(kept.committer, numberedItems(0, 3));
    merger.wake();
    await kept.clock.advance(1);
    assert.equal(kept.committer.lifecycle.use().buffered, 3);
    kept.committer.lifecycle.use().startSweep();
    merger.wake();
    await kept.clock.advance(1);
    assert.equal(kept.committer.lifecycle.use().buffered, 0);
  });

  it('keeps one sweep going at a time, and the event loop free between slices', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 8 });
    await add(kept.committer, numberedItems(0, 8));
    let slices = 0;
    const { merge } = spyOnMerges(kept, () => slices++);
    for (let i = 0; i < 5; i++) merger.wake();
    await settle();
    assert.deepEqual([slices, merge.done], [1, false], 'the next one waits for the clock');
    await kept.clock.advance(0);
    assert.deepEqual([slices, merge.done], [1, true]);
  });
});
