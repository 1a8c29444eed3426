import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Replica } from '../../../src/store/index.ts';
import { Merger, type MergerInit } from '../../../src/store/replica/merger.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { add, type Kept, numberedItem, numberedItems, openKeeper } from './keeper-support.ts';
import { FakeDisk, item, tapBatches } from './support.ts';

describe('merging the buffer', () => {
  it('begins when half of it is full, each time', async (t) => {
    for (const [bufferItems, half] of [
      [8, 4],
      [7, 4],
    ] as const) {
      const { kept, merger } = await open(t, { bufferItems });
      for (const from of [0, 100]) {
        await add(kept.keeper, numberedItems(from, half - 1));
        merger.wake();
        await kept.clock.advance(10);
        assert.equal(kept.keeper.use().buffered, half - 1, 'less than half is left alone');
        await add(kept.keeper, [numberedItem(from + 50)]);
        merger.wake();
        await kept.clock.advance(10);
        assert.equal(kept.keeper.use().buffered, 0, `half of ${bufferItems} is merged`);
      }
    }
  });

  it('begins after so many commits, however few keys they brought', async (t) => {
    const { kept, merger } = await open(t, { bufferItems: 100, maxCommits: 5 });
    const idle = async (commits: number): Promise<void> => {
      for (let i = 0; i < commits; i++) await kept.keeper.commit((set) => set.markRefill(false));
      merger.wake();
      await kept.clock.advance(10);
    };
    await idle(6);
    assert.equal(kept.keeper.use().unmerged, 0, 'nothing is buffered');
    for (const from of [0, 100]) {
      await add(kept.keeper, [numberedItem(from)]);
      await idle(3);
      assert.deepEqual([kept.keeper.use().buffered, kept.keeper.use().unmerged], [1, 4]);
      await idle(1);
      assert.equal(kept.keeper.use().buffered, 0);
      // The commit that moved the key counts, until another finds the buffer empty.
      await idle(1);
      assert.equal(kept.keeper.use().unmerged, 0);
    }
  });

  it('has batches wait while the buffer is full and being merged, and not one key before', async (t) => {
    const { kept, merger } = await open(t, { bufferItems: 8 });
    for (const from of [0, 1_000]) {
      await add(kept.keeper, numberedItems(from, 20));
      assert.equal(await waits(merger), false, 'nothing is being merged');
      merger.wake();
      await settle();
      assert.ok(kept.keeper.use().sweeping);
      const room = 7 - kept.keeper.use().buffered;
      await add(kept.keeper, numberedItems(from + 100, room));
      assert.equal(await waits(merger), false, 'one key is missing to its bound');
      await add(kept.keeper, [numberedItem(from + 200)]);
      assert.equal(await waits(merger), true, 'the buffer never grows beyond its bound');
      await kept.clock.advance(10);
      assert.equal(await waits(merger), false, 'what waited goes on');
    }
  });

  it('lets all go on who wait, as soon as there is room or none is awaited', async (t) => {
    const { kept, merger } = await open(t, { bufferItems: 8 });
    for (const end of ['a slice', 'stopping'] as const) {
      await add(kept.keeper, numberedItems(end === 'a slice' ? 0 : 1_000, 8));
      merger.wake();
      await settle();
      await add(kept.keeper, numberedItems(end === 'a slice' ? 100 : 1_100, 8));
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

  it('ends with the running slice when it is stopped, and begins no more', async (t) => {
    const { kept, merger } = await open(t, { bufferItems: 8 });
    const gate = holdBatches(kept);
    const added = add(kept.keeper, numberedItems(0, 8));
    gate.open();
    await added;
    merger.wake();
    await settle();
    await add(kept.keeper, numberedItems(100, 8));
    merger.stop();
    await kept.clock.advance(10);
    const left = kept.keeper.use().buffered;
    assert.equal(left, 8);
    merger.wake();
    await merger.begin();
    await kept.clock.advance(10);
    assert.equal(kept.keeper.use().buffered, left);
  });

  it('goes on after each failure, and lets those go on who waited', async (t) => {
    const { kept, merger } = await open(t, { bufferItems: 8 });
    await add(kept.keeper, numberedItems(0, 6));
    for (let round = 0; round < 2; round++) {
      const { keeper } = kept;
      const commit = keeper.commit.bind(keeper);
      keeper.commit = () => Promise.reject(new Error('it burns'));
      merger.wake();
      await settle();
      keeper.commit = commit;
      assert.equal(await waits(merger), false);
      assert.equal(keeper.use().buffered, 6);
    }
    merger.wake();
    await kept.clock.advance(10);
    assert.equal(kept.keeper.use().buffered, 0);
  });

  it('goes on with a sweep that was left midway, however little is buffered', async (t) => {
    const { kept, merger } = await open(t, { bufferItems: 100 });
    await add(kept.keeper, numberedItems(0, 3));
    merger.wake();
    await kept.clock.advance(1);
    assert.equal(kept.keeper.use().buffered, 3);
    kept.keeper.use().startSweep();
    merger.wake();
    await kept.clock.advance(1);
    assert.equal(kept.keeper.use().buffered, 0);
  });

  it('keeps one sweep going at a time, and the event loop free between slices', async (t) => {
    const { kept, merger } = await open(t, { bufferItems: 8 });
    await add(kept.keeper, numberedItems(0, 8));
    let slices = 0;
    const { merge } = spyOnMerges(kept, () => slices++);
    for (let i = 0; i < 5; i++) merger.wake();
    await settle();
    assert.deepEqual([slices, merge.done], [1, false], 'the next one waits for the clock');
    await kept.clock.advance(0);
    assert.deepEqual([slices, merge.done], [1, true]);
  });

  it('makes slices as large as fit into their time, by what they cost', async (t) => {
    const clock = new SlowClock();
    const { kept, merger } = await open(t, { bufferItems: 2, clock });
    /** Milliseconds that the next slice takes a unit of its work: to work it out, and to encode it. */
    const costs = [0.02, 0.04, 0.01, 0.0001, 0.002];
    const wanted: number[] = [];
    for (const [i, cost] of costs.entries()) {
      await add(kept.keeper, numberedItems(10 * i, 2));
      const spied = spyOnMerges(kept, (work, prepared) => {
        wanted.push(work);
        clock.ms += (cost / 2) * prepared;
        return () => {
          clock.ms += (cost / 2) * prepared;
        };
      });
      merger.wake();
      await clock.advance(10);
      spied.restore();
    }
    // Slower slices count at once, faster ones by a fifth, and none below a microsecond.
    const units = [0.003, 0.02, 0.04, 0.034, 0.02722];
    const expected = units.map((unit) => 8 / unit);
    for (const [i, work] of wanted.entries()) {
      assert.ok(Math.abs(work - expected[i]!) < 1e-6 * work, `slice ${i}: ${work}, ${expected[i]}`);
    }
    for (let i = 0; i < 60; i++) {
      await add(kept.keeper, numberedItems(1_000 + 10 * i, 2));
      const spied = spyOnMerges(kept, (work) => void wanted.push(work));
      merger.wake();
      await clock.advance(10);
      spied.restore();
    }
    assert.equal(wanted.at(-1), 8 / 0.001);
  });

  it('sums what came from the log when it is opened, a step at a time, then sees what is due', async (t) => {
    const { kept, merger } = await open(t, { bufferItems: 8 });
    await add(kept.keeper, numberedItems(0, 8));
    const steps: number[] = [];
    const set = kept.keeper.use();
    set.sumSteps = function* () {
      for (let step = 0; step < 3; step++) {
        steps.push(step);
        yield;
      }
    };
    const begun = merger.begin();
    await settle();
    assert.deepEqual(steps, [0]);
    await kept.clock.advance(0);
    await begun;
    assert.deepEqual(steps, [0, 1, 2]);
    await kept.clock.advance(10);
    assert.equal(set.buffered, 0);
    await add(kept.keeper, numberedItems(100, 8));
    steps.length = 0;
    void merger.begin();
    merger.stop();
    await kept.clock.advance(10);
    assert.deepEqual(steps, [0, 1], 'it ends with the next step once it is stopped');
  });
});

it('a replica takes no more into its buffer than it may hold, until some of it is merged', async (t) => {
  const clock = new VirtualClock();
  const replica = await Replica.open({
    database: memoryDatabase(),
    clock,
    disk: new FakeDisk(),
    scheme: wideSum,
    index: { bufferItems: 16, leafItems: 4, fanout: 4 },
  });
  t.after(() => replica.close());
  let answered = 0;
  const putAll = (async () => {
    for (let i = 0; i < 100; i++) {
      await replica.put([item(i)]);
      answered++;
    }
  })();
  for (let round = 0, before = -1; answered < 100; round++) {
    assert.ok(answered > before, 'puts go on when the clock does');
    before = answered;
    await settled(() => answered);
    const { buffered } = replica.status();
    assert.ok(buffered <= 16, `${buffered} keys in a buffer of 16`);
    if (round < 2) assert.equal(buffered, 16, 'it is filled');
    await clock.advance(1);
  }
  await putAll;
});

/** Waits until a number changes no more without the clock. */
async function settled(number: () => number): Promise<void> {
  for (let before = -1; before !== number(); ) {
    before = number();
    for (let turn = 0; turn < 20; turn++) await settle();
  }
}

/** A clock on which time passes when the test says so, also without timers. */
class SlowClock extends VirtualClock {
  ms = 0;

  override monotonic(): number {
    return this.ms;
  }
}

async function open(
  t: TestContext,
  { clock = new VirtualClock(), ...init }: Partial<MergerInit> & { clock?: VirtualClock },
): Promise<{ kept: Kept; merger: Merger }> {
  const kept = await openKeeper(t, { clock });
  const merger = new Merger({ keeper: kept.keeper, clock, bufferItems: 8, ...init });
  t.after(() => merger.stop());
  return { kept, merger };
}

/** Whether a batch would have to wait. */
async function waits(merger: Merger): Promise<boolean> {
  let went = false;
  void merger.room().then(() => {
    went = true;
  });
  await settle();
  return !went;
}

function holdBatches({ database }: Kept): { open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  tapBatches(database, async (_, write) => {
    await promise;
    await write();
  });
  return { open: resolve };
}

/** Sees how much work each slice is to be, and how much it is; what it gives is called when it is encoded. */
function spyOnMerges(
  { keeper }: Kept,
  seen: (wanted: number, prepared: number) => unknown,
): { merge: { done: boolean }; restore: () => void } {
  const set = keeper.use();
  const original = set.merge;
  const state = { done: false };
  set.merge = (work) => {
    const prepared = original.call(set, work);
    state.done = prepared === null;
    const encoded = prepared === null ? undefined : seen(work, prepared.work);
    if (prepared === null || typeof encoded !== 'function') return prepared;
    return {
      ...prepared,
      fill: (sink) => {
        prepared.fill(sink);
        encoded();
      },
    };
  };
  return {
    merge: state,
    restore: () => {
      set.merge = original;
    },
  };
}
