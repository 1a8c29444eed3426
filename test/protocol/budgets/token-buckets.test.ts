import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenBuckets } from '../../../src/protocol/budgets/index.ts';
import { VirtualClock } from '../../support/clock.ts';

function passed(buckets: TokenBuckets, key: string, tries: number): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (buckets.take(key)) count++;
  return count;
}

describe('TokenBuckets', () => {
  it('gives each key its burst, and its rate after it', async () => {
    const clock = new VirtualClock();
    const buckets = new TokenBuckets({ clock, perSecond: 50, burstSeconds: 4 });
    assert.equal(passed(buckets, 'a', 210), 200);
    assert.equal(passed(buckets, 'b', 1), 1);
    await clock.advance(1_000);
    assert.equal(passed(buckets, 'a', 100), 50);
    await clock.advance(19);
    assert.equal(buckets.take('a'), false);
    await clock.advance(1);
    assert.equal(buckets.take('a'), true);
  });

  it('never holds more than its burst', async () => {
    const clock = new VirtualClock();
    const buckets = new TokenBuckets({ clock, perSecond: 50, burstSeconds: 4 });
    buckets.take('a');
    await clock.advance(3_600_000);
    assert.equal(passed(buckets, 'a', 300), 200);
  });

  it('takes all the tokens of a call or none', () => {
    const buckets = new TokenBuckets({ clock: new VirtualClock(), perSecond: 1, burstSeconds: 10 });
    assert.equal(buckets.take('a', 11), false);
    assert.equal(buckets.take('a', 10), true);
  });

  it('owes what was charged beyond its tokens, until its rate has paid for it', async () => {
    const clock = new VirtualClock();
    const buckets = new TokenBuckets({ clock, perSecond: 10, burstSeconds: 0.5 });
    assert.equal(buckets.debtMs('a'), 0);
    buckets.charge('a', 25);
    assert.equal(buckets.debtMs('a'), 2_000);
    await clock.advance(1_500);
    assert.equal(buckets.debtMs('a'), 500);
    await clock.advance(600);
    assert.equal(buckets.debtMs('a'), 0);
    assert.equal(buckets.take('a'), true);
  });

  it('keeps debts past its number of keys: further keys share a bucket until one is full', async () => {
    const clock = new VirtualClock();
    const buckets = new TokenBuckets({ clock, perSecond: 1, burstSeconds: 2, maxKeys: 2 });
    buckets.charge('debtor', 10);
    buckets.charge('b', 1);
    assert.deepEqual(
      ['c', 'd', 'e', 'c'].map((key) => buckets.take(key)),
      [true, true, false, false],
    );
    buckets.charge('f', 1);
    assert.deepEqual(
      ['debtor', 'b', 'c', 'new'].map((key) => buckets.debtMs(key)),
      [8_000, 0, 1_000, 1_000],
    );
    await clock.advance(1_000);
    assert.deepEqual([buckets.take('c', 2), buckets.take('d')], [true, false], 'b made room for c');
    assert.equal(buckets.debtMs('debtor'), 7_000);
    await clock.advance(2_000);
    assert.equal(buckets.take('d', 2), true, 'c was full again');
  });

  it('has no bucket for keys that it only looks at, or refuses', () => {
    const clock = new VirtualClock();
    const buckets = new TokenBuckets({ clock, perSecond: 1, burstSeconds: 1, maxKeys: 1 });
    for (const key of ['a', 'b'])
      assert.deepEqual([buckets.debtMs(key), buckets.take(key, 2)], [0, false]);
    buckets.charge('c', 5);
    assert.equal(buckets.debtMs('c'), 4_000);
    assert.equal(buckets.debtMs('a'), 0);
  });
});
