import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerWork, type PeerWorkInit } from '../../../src/protocol/budgets/index.ts';
import { VirtualClock } from '../../support/clock.ts';

const RATES = { peerMsPerSecond: 100, strangersMsPerSecond: 200, burstSeconds: 1 };

/** `cost` is work that takes so many milliseconds. */
function paced(init: Partial<PeerWorkInit> = {}) {
  const clock = new VirtualClock();
  let now = 0;
  const work = new PeerWork({
    clock: { ...clock, now: () => 0, after: clock.after.bind(clock), monotonic: () => now },
    options: RATES,
    ...init,
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { work, clock, pass, cost: (peer: string, ms: number) => work.run(peer, () => pass(ms)) };
}

describe('PeerWork', () => {
  it('charges the time of work to its peer, and lets it rest until it owes nothing', async () => {
    const { work, clock, cost } = paced();
    cost('a', 100);
    assert.equal(work.debtMs('a'), 0, 'the burst');
    cost('a', 50);
    assert.ok(work.debtMs('a') > 0);
    const debt = work.debtMs('a');
    assert.equal(debt, 450, 'fifty milliseconds passed meanwhile');
    assert.equal(work.debtMs('b'), 0, 'other peers owe nothing');
    let over = false;
    void work.rest('a', new AbortController().signal).then(() => {
      over = true;
    });
    await clock.advance(debt - 1);
    assert.equal(over, false);
    await clock.advance(1);
    assert.equal(over, true);
  });

  it('charges the time of the processor where that is told, whatever the clock says', () => {
    let busy = 0;
    const { work, cost } = paced({ busyMs: () => busy });
    cost('a', 1_000);
    assert.equal(work.debtMs('a'), 0, 'other programs ran');
    work.run('a', () => {
      busy += 150;
    });
    assert.equal(work.debtMs('a'), 500);
  });

  it('ends a rest that is called off, and leaves no timer', async () => {
    const { work, clock, cost } = paced();
    cost('a', 150);
    const over = new AbortController();
    const resting = work.rest('a', over.signal);
    over.abort(new RangeError('gone'));
    await assert.rejects(resting, RangeError);
    await assert.rejects(work.rest('a', over.signal), RangeError);
    assert.equal(clock.pending, 0);
  });

  it('charges work that throws, and hands on results', () => {
    const { work, cost, pass } = paced();
    assert.equal(
      work.run('a', () => 7),
      7,
    );
    cost('a', 100);
    const wrong = (): void => {
      pass(50);
      throw new RangeError('wrong');
    };
    assert.throws(() => work.run('a', wrong), RangeError);
    assert.ok(work.debtMs('a') > 0);
  });

  it('binds all unknown peers together, and known peers by their own rate alone', () => {
    const { work, cost } = paced({ knows: (peer) => peer === 'friend' });
    for (const peer of ['friend', 'a', 'b', 'c', 'd']) cost(peer, 90);
    assert.ok(work.debtMs('e') > 0, 'a new identity pays the debt of the others');
    assert.equal(work.debtMs('friend'), 0);
    const before = work.debtMs('e');
    cost('friend', 90);
    assert.ok(work.debtMs('e') <= before, 'known peers cost the unknown ones nothing');
  });
});
