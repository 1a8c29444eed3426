import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  declined,
  ending,
  type Job,
  Plan,
  Rate,
  usable,
} from '../../../../src/daemon/replicator/catch-up/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { sessionReport } from '../../../support/reports.ts';
import { at, EVERYTHING, FAILED } from '../support.ts';

describe('the rate of a catch-up', () => {
  async function sampled(seconds: number, count: number, rate: Rate, clock: VirtualClock) {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1_000);
      rate.add(count);
      rate.sample();
    }
  }

  it('is not known before four seconds', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock);
    await sampled(3, 10, rate, clock);
    await clock.advance(999);
    assert.deepEqual([rate.perSecond, rate.secondsFor(100)], [null, null]);
    await clock.advance(1);
    assert.equal(rate.perSecond, 7.5);
    assert.equal(rate.total, 30);
  });

  it('is that of the last ten seconds', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock);
    await sampled(20, 10, rate, clock);
    assert.equal(rate.perSecond, 10);
    await sampled(5, 30, rate, clock);
    assert.equal(rate.perSecond, 20);
    await sampled(5, 30, rate, clock);
    assert.equal(rate.perSecond, 30);
    assert.equal(rate.total, 500);
    await clock.advance(2_000);
    assert.equal(rate.perSecond, 25, 'also between two samples');
  });

  it('is the one between the last two samples where those are far apart', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock);
    for (const count of [100, 60, 0]) {
      await clock.advance(20_000);
      rate.add(count);
      rate.sample();
      assert.equal(rate.perSecond, count / 20);
    }
  });

  it('gives the remaining time in whole seconds, while items arrive and others are missing', async () => {
    const clock = new VirtualClock();
    const rate = new Rate(clock);
    await sampled(5, 10, rate, clock);
    assert.deepEqual(
      [0, 1, 10, 11].map((missing) => rate.secondsFor(missing)),
      [null, 1, 1, 2],
    );
    await sampled(20, 0, rate, clock);
    assert.deepEqual([rate.perSecond, rate.secondsFor(10)], [0, null]);
  });
});

describe('the end of a catch-up', () => {
  const ends = (missing: number, givenUp: number, compared: number, uncompared: number) =>
    ending({ missing, givenUp, compared, uncompared });

  it('is reported as far as it was shown', () => {
    assert.equal(ends(0, 0, 1, 0), 'caught up');
    assert.match(ends(0, 0, 1, 1), /whose session at the end did not fail/);
    assert.match(ends(0, 1, 1, 1), /but for what no peer could bring/);
    assert.match(ends(0, 1, 0, 1), /no peer was left to compare/);
    assert.match(ends(1, 1, 0, 1), /without peers to go on with/);
  });
});

describe('a session of a catch-up', () => {
  const outline = { count: 1, root: new Uint8Array(16), interval: EVERYTHING, whole: true };
  const declining = sessionReport({
    outlines: { ours: outline, theirs: { ...outline, mode: 'survey' as const } },
  });
  const plan = new Plan({ sliceItems: 10, streamedItems: 256, maxPending: 10 });
  plan.begin([{ lower: at(5), upper: at(9), ours: 0, theirs: 3, differs: true }], 1);
  const job = (kind: Job['kind']): Job => ({ kind, slice: plan.slices[0]! });
  const KINDS = ['survey', 'list', 'check'] as const;
  const kinds = (change: Parameters<typeof sessionReport>[0]): string[] =>
    KINDS.filter((kind) => usable(sessionReport(change), job(kind)));

  it('counts where we began it and it reached its end', () => {
    assert.deepEqual(kinds({}), KINDS);
    assert.deepEqual(kinds({ role: 'responder' }), []);
    assert.deepEqual(kinds({ error: FAILED }), []);
    assert.deepEqual(kinds({ ...declining }), []);
    assert.equal(declined(declining), true);
    assert.equal(declined(sessionReport()), false);
    assert.equal(declined(sessionReport({ outlines: { ours: outline, theirs: outline } })), false);
  });

  it('that had to stop counts where it listed ids of its slice', () => {
    assert.deepEqual(kinds({ continueFrom: at(6) }), ['survey', 'list']);
    assert.deepEqual(kinds({ continueFrom: at(6), error: FAILED }), ['list'], 'a budget was spent');
    assert.deepEqual(kinds({ continueFrom: at(5) }), ['survey'], 'nothing of it');
  });
});
