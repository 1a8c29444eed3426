import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  encodeRangeRequest,
  SENT_PART_ITEMS,
} from '../../../../src/protocol/fetch/range/testing.ts';
import type {
  Channel,
  FetchOptions,
  RangePart,
  RangeReport,
  RangeRequest,
  ServeRange,
} from '../../../../src/protocol/index.ts';
import { INFINITE_BOUND, type Item, ZERO_BOUND } from '../../../../src/store/index.ts';
import { byNow } from '../../../support/by-now.ts';
import { rangeOf } from '../../../support/ranges.ts';
import { itemOf, RANGE_PROTOCOL, World } from '../world.ts';
import { at, itemsOf, partOf, QUERY } from './support.ts';

async function worldOf(
  held: readonly Item[],
  options: Partial<FetchOptions> = {},
  serve: ServeRange = rangeOf(held),
): Promise<World> {
  return new World(options, { latencyMs: 10 }, serve).start();
}

interface Streamed {
  readonly report: RangeReport;
  readonly parts: readonly RangePart[];
}

async function stream(
  w: World,
  init: Partial<RangeRequest> = {},
  forMs = 60_000,
): Promise<Streamed> {
  const parts: RangePart[] = [];
  const onPart = (part: RangePart): void => void parts.push(part);
  const range = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
  const running = w.a.stream({ peer: 'b', ...range, onPart, ...init });
  await w.clock.advance(forMs);
  const report = await byNow(running, `the request has not ended after ${forMs} ms`);
  await w.clock.advance(60_000);
  assert.equal(w.clock.pending, 0, 'no timer is left');
  return { report, parts };
}

/** The world where b answers requests for ranges by a handler of the test. */
async function answering(handler: (channel: Channel) => Promise<void>): Promise<World> {
  const w = await worldOf([]);
  await w.b.stop();
  const init = { maxFrameBytes: 1 << 20, maxInbound: 9 };
  await w.network.node('b').handle(RANGE_PROTOCOL, handler, init);
  return w;
}

/** The nonce that a request frame carries. */
async function nonceOf(channel: Channel): Promise<Uint8Array> {
  return (await channel.receive())!.slice(1, 17);
}

describe('FetchService: ranges', () => {
  it('streams all items of a range in parts, and reports how far it came', async () => {
    const items = itemsOf(9_000, 40);
    const w = await worldOf(items);
    const { report, parts } = await stream(w, { lower: at(3), upper: at(8_503) });
    assert.deepEqual(
      parts.map(({ items }) => items.length),
      [...new Array<number>(16).fill(SENT_PART_ITEMS), 8_500 - 16 * SENT_PART_ITEMS],
    );
    const got = parts.flatMap(({ items }) => items.map(({ hint }) => Number(hint)));
    assert.equal(
      got.join(),
      items
        .slice(2, 8_502)
        .map(({ hint }) => Number(hint))
        .join(),
    );
    assert.deepEqual(report, {
      peer: 'b',
      outcome: 'complete',
      end: at(8_503),
      items: 8_500,
      payloadBytes: 340_000,
      error: null,
    });
    assert.deepEqual([w.a.totals.receivedBytes, w.b.totals.sentBytes], [340_000, 340_000]);
  });

  it('names items above 32 KiB, so that they are fetched by their ids', async () => {
    const items = [itemOf(1, 32 * 1024), itemOf(2, 32 * 1024 + 1), itemOf(3)];
    const { parts } = await stream(await worldOf(items));
    assert.deepEqual(
      parts.map(({ items, long }) => [items.length, long.map(({ length }) => length)]),
      [[2, [32 * 1024 + 1]]],
    );
  });

  it('ends at the most items of a request, from where the next request goes on', async () => {
    const w = await worldOf(itemsOf(50), { maxIdsPerRequest: 20 });
    const { report } = await stream(w);
    assert.deepEqual([report.outcome, report.items, report.end.hint], ['complete', 20, 21n]);
    const next = await stream(w, { lower: report.end });
    assert.deepEqual([next.report.items, next.parts[0]!.items[0]!.hint], [20, 21n]);
  });

  it('knows which peers stream ranges', async () => {
    const w = await worldOf([]);
    assert.equal(w.a.streams('b'), true);
    await w.b.stop();
    await w.clock.advance(50);
    assert.equal(w.a.streams('b'), false);
    const old = await new World().start();
    assert.equal(old.a.streams('b'), false);
    const { report } = await stream(old);
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'UNSUPPORTED_PROTOCOL']);
  });

  it('keeps whole parts where the stream breaks, and tells where they end', async () => {
    const items = itemsOf(3);
    const w = await answering(async (channel) => {
      const nonce = await nonceOf(channel);
      await channel.sendAll([...partOf(items.slice(0, 2), at(3), nonce)]);
      await channel.sendAll(partOf(items.slice(2), INFINITE_BOUND, nonce).slice(0, 1));
      await channel.close();
    });
    const { report, parts } = await stream(w);
    assert.deepEqual([parts.length, report.end], [1, at(3)]);
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'STREAM_CLOSED']);
  });

  it('tells a peer that stalls from one whose items are not those of its index', async () => {
    const silent = await answering(async (channel) => {
      await nonceOf(channel);
      await new Promise<void>((resolve) => silent.clock.after(50_000, resolve));
    });
    assert.equal((await stream(silent)).report.outcome, 'stalled');
    const slow = await answering(async (channel) => {
      const nonce = await nonceOf(channel);
      for (const item of itemsOf(4)) {
        await new Promise<void>((resolve) => slow.clock.after(6_000, resolve));
        await channel.sendAll(partOf([item], at(Number(item.hint) + 1), nonce));
      }
      await channel.close();
    });
    assert.equal((await stream(slow)).report.outcome, 'complete', 'each part is progress');
    const replaying = await answering(async (channel) => {
      await nonceOf(channel);
      await channel.sendAll(partOf(itemsOf(2)));
      await channel.close();
    });
    const { report, parts } = await stream(replaying);
    assert.deepEqual(
      [report.outcome, parts.length],
      ['mismatch', 0],
      'the digest of another request',
    );
    const wrong = await answering((channel) => channel.send(Uint8Array.of(99)));
    assert.equal((await stream(wrong)).report.outcome, 'invalid');
  });

  it('refuses frames behind the end, and waits for no close that does not come', async () => {
    const extra = await answering(async (channel) => {
      const nonce = await nonceOf(channel);
      await channel.sendAll([...partOf(itemsOf(1), INFINITE_BOUND, nonce), Uint8Array.of(2)]);
    });
    const { report, parts } = await stream(extra);
    assert.deepEqual([report.outcome, parts.length], ['invalid', 1]);
    const open = await answering(async (channel) => {
      const nonce = await nonceOf(channel);
      await channel.sendAll(partOf(itemsOf(1), INFINITE_BOUND, nonce));
      await new Promise<void>(() => {});
    });
    assert.equal((await stream(open)).report.outcome, 'complete');
  });

  it('has little more than a part come while one is being stored: a kill loses it', async () => {
    const w = await worldOf(itemsOf(8_000, 200));
    const gate = Promise.withResolvers<void>();
    const running = stream(w, { onPart: () => gate.promise }, 55_000);
    await w.clock.advance(20_000);
    const { sentBytes } = w.b.totals;
    assert.ok(sentBytes < 500_000, `${sentBytes} bytes came for a taker that is busy`);
    gate.resolve();
    assert.equal((await running).report.outcome, 'complete');
  });

  it('takes frames when the event loop has time, and tells of each wait', async () => {
    const w = await answering(async (channel) => {
      const nonce = await nonceOf(channel);
      for (const frame of partOf(itemsOf(3), INFINITE_BOUND, nonce)) await channel.send(frame);
      await channel.close();
      await new Promise<void>(() => {});
    });
    const waiting: (() => void)[] = [];
    const run = <Result>(work: () => Result): Promise<Result> =>
      new Promise((resolve) => {
        waiting.push(() => resolve(work()));
      });
    const asking = w.service('c', {}, { turns: { run, ready: false } });
    await asking.start();
    w.network.connect('c', 'b', { latencyMs: 10 });
    let got = 0;
    let waits = 0;
    const running = asking.stream({
      ...{ peer: 'b', lower: ZERO_BOUND, upper: INFINITE_BOUND },
      onPart: ({ items }) => {
        got += items.length;
      },
      onWait: (taken) => {
        waits++;
        return taken;
      },
    });
    // The items, and the end of their part.
    for (const taken of [1, 2]) {
      await w.clock.advance(1_000);
      assert.deepEqual([got, waits, waiting.length], [0, taken, 1]);
      waiting.shift()!();
    }
    await w.clock.advance(1_000);
    assert.equal((await byNow(running, 'it goes on')).outcome, 'complete');
    assert.equal(got, 3);
    await asking.stop();
  });

  it('charges the requester with all slices of an answer: its reading, its frames and its sending', async () => {
    const items = itemsOf(1_000, 200);
    const serve = rangeOf(items);
    const w = await worldOf(items, {}, async (init) => {
      const page = await serve(init);
      for (let slice = 0; slice < 5; slice++) await init.inTurn!(() => undefined);
      return page;
    });
    await w.b.stop();
    let charged = 0;
    let turns = 0;
    const work = {
      debtMs: () => 0,
      rest: async () => undefined,
      charge: () => undefined,
      run: <Result>(peer: string, slice: () => Result): Result => {
        assert.equal(peer, 'a');
        charged++;
        return slice();
      },
    };
    const run = async <Result>(slice: () => Result): Promise<Result> => {
      turns++;
      return slice();
    };
    const serving = w.service('b', {}, { work, turns: { run, ready: true } });
    await serving.start();
    const { report } = await stream(w);
    assert.equal(report.items, 1_000);
    const parts = [SENT_PART_ITEMS, 1_000 - SENT_PART_ITEMS];
    const frames = parts.map((items) => Math.ceil((items * 202) / (64 * 1024)));
    // Each frame is packed and sent, then there are the end of the frames, the digest, and the end of the part.
    const slices = frames.reduce((sum, count) => sum + 2 * count + 3, 5);
    assert.deepEqual([charged, turns], [slices, slices]);
    await serving.stop();
  });

  it('is called off by its signal, and by the stop of the service', async () => {
    const w = await worldOf(itemsOf(10));
    const control = new AbortController();
    control.abort();
    const { report } = await stream(w, { signal: control.signal });
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'ABORTED']);
    await w.a.stop();
    assert.equal((await stream(w)).report.error?.code, 'ABORTED');
  });
});

describe('FetchService: a misbehaving requester of ranges', () => {
  async function codeOf(
    frame: Uint8Array | null,
    { serve, late = false }: { serve?: ServeRange; late?: boolean } = {},
  ): Promise<unknown> {
    const w = await worldOf(itemsOf(3), {}, serve);
    const receiveWindowBytes = late ? 1 : 1 << 20;
    const opening = w.network
      .node('a')
      .open('b', RANGE_PROTOCOL, { maxFrameBytes: 1 << 20, receiveWindowBytes });
    await w.clock.advance(30);
    const channel = await opening;
    if (frame !== null) channel.send(frame).catch(() => undefined);
    if (late) await w.clock.advance(61_000);
    const read = (async () => {
      for (let frame = await channel.receive(); frame !== null; ) frame = await channel.receive();
      return 'end';
    })().catch(({ code }) => code);
    await w.clock.advance(61_000);
    assert.equal(w.clock.pending, 0);
    return byNow(read, 'the stream is still open');
  }

  it('is cut off when it never asks, asks for nonsense, or never reads', async () => {
    assert.equal(await codeOf(encodeRangeRequest(QUERY)), 'end');
    assert.equal(await codeOf(null), 'STREAM_FAILED');
    assert.equal(await codeOf(Uint8Array.of(1, 2, 3)), 'STREAM_FAILED');
    assert.equal(
      await codeOf(encodeRangeRequest({ ...QUERY, upper: QUERY.lower })),
      'STREAM_FAILED',
    );
    assert.equal(await codeOf(encodeRangeRequest({ ...QUERY, maxBytes: 40_000 })), 'STREAM_FAILED');
    const serve = rangeOf(itemsOf(20_000, 400));
    const never = await codeOf(encodeRangeRequest(QUERY), { serve, late: true });
    assert.equal(never, 'STREAM_FAILED', 'it never reads');
  });

  it('has its stream reset when the store cannot read', async () => {
    const serve = async () => {
      throw new Error('disk');
    };
    assert.equal(await codeOf(encodeRangeRequest(QUERY), { serve }), 'STREAM_FAILED');
  });
});
