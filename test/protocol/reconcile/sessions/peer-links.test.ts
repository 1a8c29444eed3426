import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LINKS } from '../../../../src/protocol/index.ts';
import { PeerLinks } from '../../../../src/protocol/reconcile/sessions/testing.ts';

/** A clock that is set by hand. */
const handClock = () => ({
  now: 0,
  monotonic() {
    return this.now;
  },
});

describe('the link to a peer', () => {
  it('is 10 Mbit/s and 20 ms until it was measured, and for each peer its own', () => {
    const clock = handClock();
    const links = new PeerLinks(clock, 'auto');
    assert.deepEqual(links.of('a'), { bytesPerMs: 1_250, roundTripMs: 20 });
    const watch = links.watch('a');
    watch.sent();
    clock.now = 7;
    watch.received(100);
    assert.deepEqual(links.of('a'), { bytesPerMs: 1_250, roundTripMs: 7 });
    assert.deepEqual(links.of('b'), LINKS.auto);
    links.forget('a');
    assert.deepEqual(links.of('a'), LINKS.auto);
  });

  it('has the least round trip of the last eight answers, over sessions', () => {
    const clock = handClock();
    const links = new PeerLinks(clock, 'auto');
    const answer = (ms: number) => {
      const watch = links.watch('a');
      watch.sent();
      clock.now += ms;
      watch.received(100);
      return links.of('a').roundTripMs;
    };
    assert.deepEqual([5, 9, 4, 8].map(answer), [5, 5, 4, 4]);
    for (let i = 0; i < 5; i++) assert.equal(answer(30), 4);
    assert.equal(answer(30), 4, 'the eighth answer since');
    assert.equal(answer(30), 8);
  });

  it('has no round trip from frames that were on their way when ours was sent', () => {
    const clock = handClock();
    const links = new PeerLinks(clock, 'auto');
    const watch = links.watch('a');
    watch.received(200);
    watch.sent();
    clock.now += 10;
    watch.sent();
    clock.now += 90;
    watch.received(4_096);
    watch.sent();
    clock.now += 1;
    watch.received(4_096);
    assert.equal(links.of('a').roundTripMs, 100, 'the second frame of one answer is none');
  });

  it('has the highest rate of long frames that follow each other, with nothing sent in between', () => {
    const clock = handClock();
    const links = new PeerLinks(clock, 'auto');
    const watch = links.watch('a');
    const frame = (bytes: number, ms: number) => {
      clock.now += ms;
      watch.received(bytes);
      return links.of('a').bytesPerMs;
    };
    watch.sent();
    assert.equal(frame(65_536, 50), 1_250, 'the first frame tells the round trip');
    assert.equal(frame(16_383, 1), 1_250, 'a short frame tells nothing');
    assert.equal(frame(16_384, 64), 256);
    assert.equal(frame(65_536, 16), 4_096);
    assert.equal(frame(65_536, 64), 4_096);
    assert.equal(frame(65_536, 0), 655_360);
    assert.equal(links.of('a').roundTripMs, 50);
  });

  it('is what the operator chose, whatever was measured', () => {
    const clock = handClock();
    for (const choice of ['lean', 'quick'] as const) {
      const links = new PeerLinks(clock, choice);
      links.watch('a').sent();
      links.watch('a').received(65_536);
      assert.deepEqual(links.of('a'), LINKS[choice]);
    }
  });
});
