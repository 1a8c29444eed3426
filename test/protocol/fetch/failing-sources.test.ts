import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeAbsent, encodeItem } from '../../../src/protocol/fetch/testing.ts';
import type { Channel, FetchOptions, FetchReport } from '../../../src/protocol/index.ts';
import type { Item } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import type { VirtualClock } from '../../support/clock.ts';
import { framesOf, itemOf, world } from './world.ts';

const frameOf = encodeItem;

describe('FetchService: a failing source', () => {
  const wanted = itemOf(1, 100_000);

  async function outcomeOf(
    handler: (channel: Channel, clock: VirtualClock) => Promise<void>,
    options: Partial<FetchOptions> = {},
    forMs = 60_000,
  ): Promise<FetchReport & { reset: boolean }> {
    const w = await world(options);
    let reset = false;
    await w.serve(async (channel) => {
      await channel.receive();
      await handler(channel, w.clock);
      await new Promise<void>((resolve) => w.clock.after(30_000, resolve));
      await channel.send(new Uint8Array(1)).catch(({ code }) => {
        reset = code === 'STREAM_FAILED';
      });
    });
    const { report } = await w.fetch([wanted.id], { forMs });
    return { ...report, reset };
  }

  it('fails the request when the peer is unknown', async () => {
    const w = await world();
    const { report } = await w.fetch([wanted.id], { peer: 'nobody' });
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'UNKNOWN_PEER']);
  });

  it('ends the request as invalid when the bytes are wrong', async () => {
    const { outcome, error, payloadBytes, endedAt, reset } = await outcomeOf(async (channel) => {
      const payload = wanted.payload.slice();
      payload[99_999]! ^= 1;
      for (const frame of framesOf({ ...wanted, payload })) await channel.send(frame);
    });
    assert.deepEqual([outcome, error?.code, reset], ['invalid', 'INVALID_BYTES', true]);
    assert.equal(payloadBytes, 100_000);
    assert.deepEqual(endedAt, wanted.id);
  });

  describe('that sends several frames at once', () => {
    const [one, two, three] = [itemOf(1), itemOf(2), itemOf(3)];
    const wrong = { ...three, payload: three.payload.slice().fill(7) };

    /** While the first item is being stored the other frames come. */
    async function told(frames: readonly Uint8Array[], store = async (): Promise<void> => {}) {
      const w = await world();
      await w.serve(async (channel) => {
        await channel.receive();
        await channel.sendAll(frames);
        await new Promise<void>((resolve) => w.clock.after(30_000, resolve));
      });
      const calls: Item[][] = [];
      const onItems = async (items: readonly Item[]) => {
        calls.push([...items]);
        if (calls.length > 1) return store();
        await new Promise<void>((resolve) => w.clock.after(1_000, resolve));
      };
      const { report } = await w.fetch([one.id, two.id, three.id], { onItems });
      return { ...report, calls };
    }

    it('keeps the items before wrong bytes', async () => {
      const report = await told([one, two, wrong].map(frameOf));
      assert.deepEqual(report.calls, [[one], [two]]);
      assert.deepEqual([report.outcome, report.error?.code], ['invalid', 'INVALID_BYTES']);
      assert.deepEqual([report.items, report.endedAt], [2, three.id]);
    });

    it('ends the request as invalid with a frame after the last answer', async () => {
      const report = await told([one, two, three, three].map(frameOf));
      assert.deepEqual(report.calls, [[one], [two, three]]);
      assert.deepEqual([report.outcome, report.error?.code], ['invalid', 'UNEXPECTED_FRAME']);
      assert.deepEqual([report.items, report.endedAt], [3, null]);
    });

    it('is not blamed when our own consumer fails too', async () => {
      const report = await told([one, two, wrong].map(frameOf), async () => {
        throw Object.assign(new Error('no room'), { code: 'DISK_FULL' });
      });
      assert.deepEqual([report.outcome, report.error?.code], ['failed', 'DISK_FULL']);
      assert.equal(report.items, 1);
    });
  });

  it('ends the request as invalid with an unrequested item, or a repeated one', async () => {
    const unasked = await outcomeOf((channel) => channel.send(frameOf(itemOf(2))));
    assert.deepEqual([unasked.outcome, unasked.error?.code], ['invalid', 'UNEXPECTED_FRAME']);
    const second = await outcomeOf(async (channel) => {
      await channel.send(encodeAbsent(wanted.id));
      await channel.send(encodeAbsent(wanted.id));
    });
    assert.deepEqual([second.outcome, second.error?.code], ['invalid', 'UNEXPECTED_FRAME']);
    assert.equal(second.endedAt, null);
  });

  it('is refused at the header of an item that is too large', async () => {
    const report = await outcomeOf((channel) => channel.send(frameOf(wanted)), {
      maxItemBytes: 99_999,
    });
    assert.deepEqual([report.outcome, report.error?.code], ['invalid', 'ITEM_TOO_LARGE']);
    assert.equal(report.payloadBytes, 0);
  });

  it('ends the request as invalid with malformed or oversized frames', async () => {
    const odd = await outcomeOf((channel) => channel.send(Uint8Array.of(9)));
    assert.deepEqual([odd.outcome, odd.error?.code], ['invalid', 'MALFORMED_FRAME']);
    const long = await outcomeOf((channel) => channel.send(new Uint8Array(70_000)));
    assert.deepEqual([long.outcome, long.error?.code], ['invalid', 'FRAME_TOO_LARGE']);
  });

  it('has stalled after silence up to the limit', async () => {
    const report = await outcomeOf(async () => {}, {}, 10_050);
    assert.deepEqual([report.outcome, report.error?.code], ['stalled', 'STALLED']);
  });

  it('has stalled after silence in the middle of an item, and its bytes are counted', async () => {
    const report = await outcomeOf((channel) => channel.send(frameOf(wanted)));
    assert.deepEqual([report.outcome, report.payloadBytes], ['stalled', 65_536]);
  });

  it('has stalled at one byte a second', async () => {
    const trickle = async (channel: Channel, clock: VirtualClock) => {
      await channel.send(frameOf(wanted));
      for (let i = 0; i < 40; i++) {
        await new Promise<void>((resolve) => clock.after(1_000, resolve));
        await channel.send(Uint8Array.of(4, wanted.payload[65_536 + i]!)).catch(() => {});
      }
    };
    const report = await outcomeOf(trickle, {}, 10_100);
    assert.equal(report.outcome, 'stalled');
    assert.equal(report.payloadBytes, 65_536 + 9);
  });

  it('has not stalled when it is slow but steady', async () => {
    const w = await world({}, { latencyMs: 10, bytesPerMs: 8 });
    w.hold(itemOf(1, 1_000_000));
    const { report } = await w.fetch([itemOf(1, 1_000_000).id], { forMs: 200_000 });
    assert.equal(report.outcome, 'complete');
  });

  it('fails the request when it closes the stream early, or resets it', async () => {
    const closed = await outcomeOf((channel) => channel.close());
    assert.deepEqual([closed.outcome, closed.error?.code], ['failed', 'STREAM_CLOSED']);
    const reset = await outcomeOf(() => Promise.reject(new Error('no')));
    assert.deepEqual([reset.outcome, reset.error?.code], ['failed', 'STREAM_FAILED']);
  });

  it('fails the request when the link breaks, at any moment', async () => {
    for (let delay = 0; delay < 90; delay++) {
      const w = (await world({}, { latencyMs: 10, bytesPerMs: 5_000 })).hold(wanted);
      const running = w.a.fetch({ peer: 'b', ids: [wanted.id], onItems: () => {} });
      await w.clock.advance(delay);
      w.network.disconnect('a', 'b');
      await w.clock.advance(1);
      const { outcome, items } = await byNow(running, `it goes on after a break at ${delay} ms`);
      assert.equal(outcome, items === 1 ? 'complete' : 'failed', `after ${delay} ms`);
      await w.clock.advance(60_000);
      assert.equal(w.clock.pending, 0);
    }
  });
});
