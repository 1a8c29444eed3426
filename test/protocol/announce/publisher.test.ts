import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_ANNOUNCE_OPTIONS } from '../../../src/protocol/announce/index.ts';
import { Publisher } from '../../../src/protocol/announce/testing.ts';
import type { AnnounceOptions } from '../../../src/protocol/index.ts';
import type { Item } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

const item = (size: number): Item => ({
  hint: 1n,
  id: new Uint8Array(32).fill(size),
  payload: new Uint8Array(size),
});

function publishing(options: Partial<AnnounceOptions> = {}) {
  const clock = new VirtualClock();
  const sent: { at: number; bytes: number }[] = [];
  const logged: string[] = [];
  const gossip = { send: async (): Promise<number> => 3 };
  const state = { overloaded: false, heard: true };
  const publisher = new Publisher({
    clock,
    log: {
      debug: (fields) => void logged.push(JSON.stringify(fields)),
      warn: (fields) => void logged.push(JSON.stringify(fields)),
    },
    epoch: new Uint8Array(8),
    options: { ...DEFAULT_ANNOUNCE_OPTIONS, batchMs: 10, ...options },
    overloaded: () => state.overloaded,
    heard: () => state.heard,
    send: (frame) => {
      sent.push({ at: clock.monotonic(), bytes: frame.length });
      return gossip.send();
    },
  });
  const times = (): number[] => sent.map(({ at }) => at);
  return { clock, publisher, sent, times, logged, gossip, state };
}

describe('Publisher: a node that no peer hears', () => {
  it('makes no frames, and publishes once there is a peer, time after time', async () => {
    const { clock, publisher, sent, state } = publishing();
    for (const round of [1, 2]) {
      state.heard = false;
      assert.equal(publisher.add([item(1), item(2)]), 2);
      await settle();
      assert.equal(sent.length, round - 1);
      state.heard = true;
      assert.equal(publisher.add([item(3)]), 1);
      await clock.advance(100);
      assert.equal(sent.length, round);
    }
    assert.equal(publisher.totals.announced, 6);
  });
});

describe('Publisher: an overloaded node', () => {
  it('leaves items to sessions, and publishes again afterwards', async () => {
    const { clock, publisher, sent, state } = publishing();
    for (const round of [1, 2]) {
      state.overloaded = true;
      assert.equal(publisher.add([item(1), item(2)]), 0);
      await clock.advance(100);
      assert.equal(sent.length, round - 1);
      state.overloaded = false;
      assert.equal(publisher.add([item(3)]), 1);
      await clock.advance(100);
      assert.equal(sent.length, round);
      assert.deepEqual(publisher.totals, { announced: round, dropped: 2 * round });
    }
  });
});

describe('Publisher: the sending of frames', () => {
  it('is immediate after a pause, together with announcements of the same turn, and in batches later', async () => {
    const { clock, publisher, sent, times } = publishing();
    assert.equal(publisher.add([item(1)]), 1);
    assert.equal(publisher.add([item(2), item(3)]), 2);
    await settle();
    assert.deepEqual(times(), [0]);
    assert.equal(sent[0]!.bytes, 10 + 3 * 41 + 1 + 2 + 3);
    await clock.advance(3);
    publisher.add([item(4)]);
    await clock.advance(6);
    publisher.add([item(5)]);
    assert.deepEqual(times(), [0], 'a millisecond early');
    await clock.advance(1);
    assert.deepEqual(times(), [0, 10]);
    assert.equal(sent[1]!.bytes, 10 + 2 * 41 + 4 + 5);
    await clock.advance(10);
    publisher.add([item(6)]);
    await settle();
    assert.deepEqual(times(), [0, 10, 20], 'a batch later it goes at once again');
    assert.equal(clock.pending, 0);
    assert.deepEqual(publisher.totals, { announced: 6, dropped: 0 });
  });

  it('keeps to the rate limit, with a burst of one second at most', async () => {
    // Each frame is an item: more than one does not fit.
    const options = { maxBytesPerSecond: 40_000, inlineBytes: 1 << 15 };
    const { clock, publisher, sent, times } = publishing(options);
    for (const round of [1, 2]) {
      sent.length = 0;
      const begin = clock.monotonic();
      const big = [1, 2, 3, 4].map((n) => ({ ...item(32_760 - n), id: item(n).id }));
      assert.equal(publisher.add(big), 4);
      await clock.advance(10_000);
      const ms = sent.map(({ bytes }) => bytes / 40);
      // The first three are paid for by the second before, then by time.
      const [a, b, c] = ms as [number, number, number];
      const second = begin + Math.max(10, a - 1_000);
      const third = begin + a + b - 1_000;
      const expected = [begin, second, third, third + c];
      for (const [i, at] of times().entries()) {
        assert.ok(Math.abs(at - expected[i]!) < 1, `round ${round}: ${times()} for ${expected}`);
      }
      assert.equal(sent.length, 4);
    }
  });
});

describe('Publisher: a failed frame', () => {
  it('is counted and left to sessions, and the next frame is sent, time after time', async () => {
    const { clock, publisher, logged, gossip } = publishing();
    for (const round of [1, 2]) {
      gossip.send = () => Promise.reject(new Error('no peers'));
      publisher.add([item(1), item(2)]);
      await clock.advance(100);
      assert.deepEqual(publisher.totals, { announced: 3 * (round - 1), dropped: 2 * round });
      assert.match(logged.at(-1)!, /"records":2,"message":"no peers"/);
      gossip.send = async () => 7;
      publisher.add([item(1), item(2), item(3)]);
      await clock.advance(100);
      assert.deepEqual(publisher.totals, { announced: 3 * round, dropped: 2 * round });
      assert.match(logged.at(-1)!, /"records":3,"bytes":\d+,"peers":7/);
    }
  });

  it('is counted as dropped where there was no room', async () => {
    const { clock, publisher } = publishing({ maxQueuedBytes: 100 });
    for (const round of [1, 2]) {
      assert.equal(publisher.add([item(1), item(2), item(3)]), 2);
      await clock.advance(100);
      assert.deepEqual(publisher.totals, { announced: 2 * round, dropped: round });
    }
  });
});

describe('Publisher: a stop', () => {
  it('drops a waiting batch, leaves no timer, and allows a new start', async () => {
    const { clock, publisher, times } = publishing();
    for (const round of [1, 2]) {
      publisher.add([item(1)]);
      await settle();
      publisher.add([item(2), item(3)]);
      await clock.advance(5);
      await byNow(publisher.stop(), 'it waits for its batch');
      assert.equal(clock.pending, 0, 'a timer is left');
      assert.deepEqual(publisher.totals, { announced: round, dropped: 2 * round });
      await clock.advance(95);
      assert.deepEqual(times(), round === 1 ? [0] : [0, 100]);
    }
  });

  it('waits for a frame that is being sent', async () => {
    const { publisher, gossip } = publishing();
    const sending = Promise.withResolvers<number>();
    gossip.send = () => sending.promise;
    publisher.add([item(1)]);
    await settle();
    publisher.add([item(2)]);
    let stopped = false;
    const stopping = publisher.stop().then(() => {
      stopped = true;
    });
    await settle();
    assert.equal(stopped, false, 'the frame is under way still');
    sending.resolve(1);
    await byNow(stopping, 'it does not stop');
    assert.deepEqual(publisher.totals, { announced: 1, dropped: 1 });
  });

  it('ends at once when the publisher is idle', async () => {
    await byNow(publishing().publisher.stop(), 'it does not stop');
  });
});
