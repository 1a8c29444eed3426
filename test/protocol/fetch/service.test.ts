import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeAbsent, encodeItem } from '../../../src/protocol/fetch/testing.ts';
import type { Channel, FetchOptions, FetchReport } from '../../../src/protocol/index.ts';
import type { Item } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import type { VirtualClock } from '../../support/clock.ts';
import { framesOf, itemOf, PROTOCOL, type World, world } from './world.ts';

const frameOf = encodeItem;

describe('FetchService', () => {
  it('brings items in order, says which are absent, and counts', async () => {
    const w = await world();
    const [one, two, three] = [itemOf(1), itemOf(2, 200_000), itemOf(3, 4)];
    w.hold(one, two, three);
    const nobody = new Uint8Array(32);
    const { report, got } = await w.fetch([three.id, nobody, two.id, one.id, three.id]);
    assert.deepEqual(got, [three, two, one]);
    assert.deepEqual(report, {
      peer: 'b',
      outcome: 'complete',
      items: 3,
      absent: [nobody],
      large: [],
      tooLarge: [],
      payloadBytes: 200_104,
      endedAt: null,
      error: null,
    });
    assert.equal(w.a.totals.receivedBytes, 200_104);
    assert.equal(w.b.totals.sentBytes, 200_104);
  });

  it('says how long an item is that is longer than wanted, without reading it', async () => {
    const w = await world();
    const [small, large] = [itemOf(1), itemOf(2, 200_000)];
    w.hold(small, large);
    const { report, got } = await w.fetch([large.id, small.id], { maxBytes: 100_000 });
    assert.deepEqual(got, [small]);
    assert.deepEqual(report.large, [{ id: large.id, length: 200_000 }]);
    assert.deepEqual([report.outcome, report.payloadBytes, w.gets], ['complete', 100, 1]);
  });

  it('tells apart what is longer than anything it takes', async () => {
    const w = await world({ maxItemBytes: 1_000 });
    const [large, tooLarge] = [itemOf(1, 1_000), itemOf(2, 1_001)];
    w.hold(large, tooLarge);
    const { report, got } = await w.fetch([tooLarge.id, large.id]);
    assert.deepEqual(got, [large]);
    assert.deepEqual([report.outcome, report.tooLarge], ['complete', [tooLarge.id]]);
  });

  it('asks in several frames, and reads while it asks', async () => {
    const w = await world({ maxIdsPerFrame: 7, receiveWindowBytes: 500 });
    const items = Array.from({ length: 200 }, (_, i) => itemOf(i));
    w.hold(...items);
    const { report, got } = await w.fetch(items.map(({ id }) => id));
    assert.equal(report.outcome, 'complete');
    assert.deepEqual(got, items);
  });

  it('asks for nothing without a stream, and refuses to ask for too much', async () => {
    const w = await world({ maxIdsPerRequest: 3 });
    assert.equal((await w.fetch([])).report.outcome, 'complete');
    const ids = [1, 2, 3, 4].map((n) => itemOf(n).id);
    const { report } = await w.fetch(ids);
    assert.equal(report.outcome, 'failed');
    assert.equal(report.error?.code, 'BUDGET_SPENT');
    assert.deepEqual(report.endedAt, ids[0]);
    assert.equal(w.gets, 0);
  });

  it('reads ahead no further than the window while an item is being stored', async () => {
    const w = await world({ receiveWindowBytes: 100_000 });
    // Larger than what leaves together.
    const items = Array.from({ length: 100 }, (_, i) => itemOf(i, 20_000));
    w.hold(...items);
    let taken = 0;
    const onItems = () =>
      new Promise<void>((resolve) => {
        taken++;
        w.clock.after(15_000, resolve);
      });
    const running = w.a.fetch({ peer: 'b', ids: items.map(({ id }) => id), onItems });
    await w.clock.advance(30_000 - 100);
    assert.equal(taken, 2);
    assert.ok(w.gets <= 12, `${w.gets} items were read for 2`);
    await w.clock.advance(2_000_000);
    const report = await byNow(running, 'the request has not ended');
    assert.equal(report.outcome, 'complete', 'our own slowness is no stall of the peer');
  });

  it('runs two requests to a peer at a time, the others after', async () => {
    const w = await world();
    w.hold(itemOf(1));
    let most = 0;
    let now = 0;
    const onItems = async () => {
      most = Math.max(most, ++now);
      await new Promise<void>((resolve) => w.clock.after(1_000, resolve));
      now--;
    };
    const running = Array.from({ length: 5 }, () =>
      w.a.fetch({ peer: 'b', ids: [itemOf(1).id], onItems }),
    );
    await w.clock.advance(60_000);
    const reports = await byNow(Promise.all(running), 'a request that ended kept its place');
    for (const { outcome } of reports) assert.equal(outcome, 'complete');
    assert.equal(most, 2);
  });

  it('is asked for as much as its peer likes, and answers some at a time, the others after', async () => {
    const options = { requestsPerPeer: 20, servedPerPeer: 3, receiveWindowBytes: 1 };
    const w = await world(options, { latencyMs: 10, bytesPerMs: 1_000 });
    const items = Array.from({ length: 20 }, (_, i) => itemOf(i, 100_000));
    w.hold(...items);
    const running = items.map(({ id }) => w.a.fetch({ peer: 'b', ids: [id], onItems: () => {} }));
    await w.clock.advance(60);
    assert.equal(w.gets, 3);
    await w.clock.advance(60_000);
    const reports = await byNow(Promise.all(running), 'an answered request kept its place');
    for (const { outcome } of reports) assert.equal(outcome, 'complete');
    assert.equal(w.clock.pending, 0);
  });

  it('stops also what waits to be answered', async () => {
    const w = await world({ requestsPerPeer: 3, servedPerPeer: 1, receiveWindowBytes: 1 });
    const item = itemOf(1, 500_000);
    w.hold(item);
    const ask = () => w.a.fetch({ peer: 'b', ids: [item.id], onItems: () => {} });
    const running = [ask(), ask(), ask()];
    await w.clock.advance(45);
    await byNow(w.b.stop(), 'it waits for what it serves, and does not stop');
    await w.clock.advance(100);
    const reports = await byNow(Promise.all(running), 'requests go on after their source stopped');
    for (const { outcome } of reports) assert.equal(outcome, 'failed');
    assert.equal(w.gets, 1);
  });

  it('reports an error of the consumer as its own', async () => {
    const w = (await world()).hold(itemOf(1));
    const onItems = () => {
      throw Object.assign(new Error('no room'), { code: 'DISK_FULL' });
    };
    const { report } = await w.fetch([itemOf(1).id], { onItems });
    assert.deepEqual([report.outcome, report.items], ['failed', 0]);
    assert.deepEqual(report.error, { code: 'DISK_FULL', message: 'no room' });
  });

  it('is called off by its signal, before, during and while it waits for room', async () => {
    const w = (await world()).hold(itemOf(1, 500_000));
    const abort = new AbortController();
    const request = { ids: [itemOf(1, 500_000).id], signal: abort.signal };
    const never = () => new Promise<void>(() => {});
    const running = [1, 2, 3].map(() => w.a.fetch({ peer: 'b', onItems: () => {}, ...request }));
    await w.clock.advance(25);
    abort.abort();
    await w.clock.advance(1);
    const late = w.a.fetch({ peer: 'b', onItems: never, ...request });
    const all = Promise.all([...running, late]);
    for (const { outcome, error } of await byNow(
      all,
      'a request goes on after it was called off',
    )) {
      assert.deepEqual([outcome, error?.code], ['failed', 'ABORTED']);
    }
    await w.clock.advance(60_000);
    assert.equal(w.clock.pending, 0);
  });

  it('stops in both roles', async () => {
    const w = (await world({ receiveWindowBytes: 1 })).hold(itemOf(1, 500_000));
    const running = w.a.fetch({ peer: 'b', ids: [itemOf(1, 500_000).id], onItems: () => {} });
    await w.clock.advance(45);
    await byNow(Promise.all([w.a.stop(), w.b.stop()]), 'they do not stop');
    assert.equal((await byNow(running, 'a request goes on after the stop')).error?.code, 'ABORTED');
    const { report } = await w.fetch([itemOf(1).id]);
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'ABORTED']);
  });
});

describe('FetchService: sources that fail', () => {
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

  it('an unknown peer', async () => {
    const w = await world();
    const { report } = await w.fetch([wanted.id], { peer: 'nobody' });
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'UNKNOWN_PEER']);
  });

  it('wrong bytes', async () => {
    const { outcome, error, payloadBytes, endedAt, reset } = await outcomeOf(async (channel) => {
      const payload = wanted.payload.slice();
      payload[99_999]! ^= 1;
      for (const frame of framesOf({ ...wanted, payload })) await channel.send(frame);
    });
    assert.deepEqual([outcome, error?.code, reset], ['invalid', 'INVALID_BYTES', true]);
    assert.equal(payloadBytes, 100_000);
    assert.deepEqual(endedAt, wanted.id);
  });

  describe('that say several things at once', () => {
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

    it('wrong bytes behind right ones: what came before is good', async () => {
      const report = await told([one, two, wrong].map(frameOf));
      assert.deepEqual(report.calls, [[one], [two]]);
      assert.deepEqual([report.outcome, report.error?.code], ['invalid', 'INVALID_BYTES']);
      assert.deepEqual([report.items, report.endedAt], [2, three.id]);
    });

    it('a frame behind the last answer', async () => {
      const report = await told([one, two, three, three].map(frameOf));
      assert.deepEqual(report.calls, [[one], [two, three]]);
      assert.deepEqual([report.outcome, report.error?.code], ['invalid', 'UNEXPECTED_FRAME']);
      assert.deepEqual([report.items, report.endedAt], [3, null]);
    });

    it('where we fail ourselves beside them, it is our own fault', async () => {
      const report = await told([one, two, wrong].map(frameOf), async () => {
        throw Object.assign(new Error('no room'), { code: 'DISK_FULL' });
      });
      assert.deepEqual([report.outcome, report.error?.code], ['failed', 'DISK_FULL']);
      assert.equal(report.items, 1);
    });
  });

  it('an item nobody asked for, or a second one', async () => {
    const unasked = await outcomeOf((channel) => channel.send(frameOf(itemOf(2))));
    assert.deepEqual([unasked.outcome, unasked.error?.code], ['invalid', 'UNEXPECTED_FRAME']);
    const second = await outcomeOf(async (channel) => {
      await channel.send(encodeAbsent(wanted.id));
      await channel.send(encodeAbsent(wanted.id));
    });
    assert.deepEqual([second.outcome, second.error?.code], ['invalid', 'UNEXPECTED_FRAME']);
    assert.equal(second.endedAt, null);
  });

  it('an item that is too large, refused at its header', async () => {
    const report = await outcomeOf((channel) => channel.send(frameOf(wanted)), {
      maxItemBytes: 99_999,
    });
    assert.deepEqual([report.outcome, report.error?.code], ['invalid', 'ITEM_TOO_LARGE']);
    assert.equal(report.payloadBytes, 0);
  });

  it('frames that are malformed or too long', async () => {
    const odd = await outcomeOf((channel) => channel.send(Uint8Array.of(9)));
    assert.deepEqual([odd.outcome, odd.error?.code], ['invalid', 'MALFORMED_FRAME']);
    const long = await outcomeOf((channel) => channel.send(new Uint8Array(70_000)));
    assert.deepEqual([long.outcome, long.error?.code], ['invalid', 'FRAME_TOO_LARGE']);
  });

  it('silence: stalled after the limit', async () => {
    const report = await outcomeOf(async () => {}, {}, 10_050);
    assert.deepEqual([report.outcome, report.error?.code], ['stalled', 'STALLED']);
  });

  it('silence in the middle of an item: what came is counted', async () => {
    const report = await outcomeOf((channel) => channel.send(frameOf(wanted)));
    assert.deepEqual([report.outcome, report.payloadBytes], ['stalled', 65_536]);
  });

  it('a byte a second: stalled all the same', async () => {
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

  it('slow but steady: no stall', async () => {
    const w = await world({}, { latencyMs: 10, bytesPerMs: 8 });
    w.hold(itemOf(1, 1_000_000));
    const { report } = await w.fetch([itemOf(1, 1_000_000).id], { forMs: 200_000 });
    assert.equal(report.outcome, 'complete');
  });

  it('a stream closed too early, or reset', async () => {
    const closed = await outcomeOf((channel) => channel.close());
    assert.deepEqual([closed.outcome, closed.error?.code], ['failed', 'STREAM_CLOSED']);
    const reset = await outcomeOf(() => Promise.reject(new Error('no')));
    assert.deepEqual([reset.outcome, reset.error?.code], ['failed', 'STREAM_FAILED']);
  });

  it('a link that breaks, at any moment', async () => {
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

describe('FetchService: requesters that misbehave', () => {
  async function codeOf(
    requester: (channel: Channel, w: World) => Promise<void>,
    options: Partial<FetchOptions> = {},
  ): Promise<unknown> {
    const w = (await world(options)).hold(itemOf(1, 100_000));
    const opening = w.network
      .node('a')
      .open('b', PROTOCOL, { maxFrameBytes: 1 << 20, receiveWindowBytes: 1 });
    await w.clock.advance(30);
    const channel = await opening;
    await requester(channel, w);
    await w.clock.advance(61_000);
    let frame: Uint8Array | null = new Uint8Array(0);
    const read = (async () => {
      while (frame !== null) frame = await channel.receive();
      return 'end';
    })().catch(({ code }) => code);
    await w.clock.advance(61_000);
    assert.equal(w.clock.pending, 0);
    return byNow(read, 'the stream is still open');
  }
  const ask = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
  const absentId = '00'.repeat(32);

  it('one that asks for more than it may', async () => {
    assert.equal(
      await codeOf((channel) => channel.send(ask(`010002${absentId}${absentId}`)), {
        maxIdsPerFrame: 1,
      }),
      'STREAM_FAILED',
    );
    const often = async (channel: Channel) => {
      channel.send(ask(`010901${absentId}`)).catch(() => {});
      channel.send(ask(`010901${absentId}`)).catch(() => {});
    };
    assert.equal(await codeOf(often, { maxIdsPerRequest: 1 }), 'STREAM_FAILED');
  });

  it('one that never asks, never ends or never reads', async () => {
    assert.equal(await codeOf(async () => {}), 'STREAM_FAILED');
    const endless = async (channel: Channel) => void channel.send(ask(`010901${absentId}`));
    assert.equal(await codeOf(endless), 'STREAM_FAILED');
    const deaf = async (channel: Channel, w: World) => {
      const id = Buffer.from(itemOf(1, 100_000).id).toString('hex');
      channel.send(ask(`010901${id}`)).catch(() => {});
      await w.clock.advance(29_000);
      assert.equal(w.clock.pending, 1, 'the write is being timed');
    };
    assert.equal(await codeOf(deaf), 'STREAM_FAILED');
  });

  it('one that opens too many streams', async () => {
    const w = await world({ maxInbound: 2 });
    const open = () => w.network.node('a').open('b', PROTOCOL, { maxFrameBytes: 100 });
    const opening = [open(), open(), open()];
    const settled = Promise.allSettled(opening);
    await w.clock.advance(61_000);
    assert.deepEqual(
      (await settled).map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected'],
    );
  });

  it('an item that cannot be read resets the stream', async () => {
    const w = await world();
    w.held.get = () => {
      throw new Error('disk');
    };
    const { report } = await w.fetch([itemOf(1).id]);
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'STREAM_FAILED']);
  });
});
