import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Replica } from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { add, numberedItems } from '../committer-support.ts';
import { item } from '../support.ts';
import { openMerger, SlowClock, spyOnMerges } from './merger-support.ts';

describe('the pace of merging', () => {
  it('sizes slices so that their cost fits into their time', async (t) => {
    const clock = new SlowClock();
    const { kept, merger } = await openMerger(t, { bufferItems: 2, clock });
    /** Milliseconds that the next slice takes a unit of its work: to work it out, and as many to encode it. */
    const costs = [0.02, 0.04, 0.01, 0.0001, 0.002];
    const wanted: number[] = [];
    for (const [i, cost] of costs.entries()) {
      await add(kept.committer, numberedItems(10 * i, 2));
      const spied = spyOnMerges(kept, (work, prepared) => {
        wanted.push(work);
        clock.ms += cost * prepared;
        return () => {
          clock.ms += cost * prepared;
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
      await add(kept.committer, numberedItems(1_000 + 10 * i, 2));
      const spied = spyOnMerges(kept, (work) => void wanted.push(work));
      merger.wake();
      await clock.advance(10);
      spied.restore();
    }
    assert.equal(wanted.at(-1), 8 / 0.001);
  });

  it('sums the replayed keys step by step after opening, then merges if that is due', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 8 });
    await add(kept.committer, numberedItems(0, 8));
    const steps: number[] = [];
    const set = kept.committer.lifecycle.use();
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
    await add(kept.committer, numberedItems(100, 8));
    steps.length = 0;
    void merger.begin();
    merger.stop();
    await kept.clock.advance(10);
    assert.deepEqual(steps, [0, 1], 'it ends with the next step once it is stopped');
  });

  it('stops summing when the set was replaced', async (t) => {
    const { kept, merger } = await openMerger(t, { bufferItems: 8 });
    await add(kept.committer, numberedItems(0, 8));
    let steps = 0;
    kept.committer.lifecycle.use().sumSteps = function* () {
      for (; steps < 5; steps++) yield;
    };
    void merger.begin();
    kept.committer.damaged(new Error('the index is damaged'));
    await kept.clock.advance(10);
    assert.equal(steps, 1);
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
