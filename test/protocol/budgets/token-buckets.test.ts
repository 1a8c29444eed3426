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

  it('remembers as many keys as it may, and forgets the oldest', () => {
    const buckets = new TokenBuckets({
      clock: new VirtualClock(),
      perSecond: 1,
      burstSeconds: 1,
      maxKeys: 2,
    });
    for (const key of ['a', 'b']) assert.equal(buckets.take(key), true);
    assert.equal(buckets.take('a'), false);
    buckets.take('c');
    assert.equal(buckets.take('b'), false);
    assert.equal(buckets.take('a'), true);
  });
});
