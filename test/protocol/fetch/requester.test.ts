import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { encodeAbsent, encodeItem, encodeLarge } from '../../../src/protocol/fetch/testing.ts';
import { type Channel, type FetchOptions, ProtocolError } from '../../../src/protocol/index.ts';
import type { Item } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import type { LinkInit } from '../../support/memory-network.ts';
import { framesOf, itemOf, type World, world } from './world.ts';

type Source = (channel: Channel, w: World) => Promise<void>;

/** A world in which the source does as it is told, and then keeps its stream open. */
async function against(
  source: Source,
  options: Partial<FetchOptions> = {},
  link?: LinkInit,
): Promise<World> {
  const w = await world(options, link);
  return w.serve(async (channel) => {
    await source(channel, w);
    await new Promise<void>(() => {});
  });
}

const after = (w: World, ms: number): Promise<void> =>
  new Promise((resolve) => {
    w.clock.after(ms, resolve);
  });

const [one, two, three] = [itemOf(1), itemOf(2), itemOf(3)];
const ids = [one, two, three].map(({ id }) => id);

describe('Requester: turns', () => {
  it('reads answers when the event loop has time, and tells of the wait, which is no stall', async () => {
    const w = await world({ stallTimeoutMs: 100 });
    const waiting: (() => void)[] = [];
    const run = <Result>(work: () => Result): Promise<Result> =>
      new Promise((resolve) => {
        waiting.push(() => resolve(work()));
      });
    const asking = w.service('c', { stallTimeoutMs: 100 }, { turns: { run, ready: false } });
    await asking.start();
    w.network.connect('c', 'b', { latencyMs: 10 });
    w.hold(one);
    let got = 0;
    let waits = 0;
    const onWait = (taken: Promise<void>): Promise<void> => {
      waits++;
      return taken;
    };
    const onItems = (items: readonly Item[]): void => {
      got += items.length;
    };
    const running = asking.fetch({ peer: 'b', ids: [one.id], onItems, onWait });
    await w.clock.advance(1_000);
    assert.deepEqual([got, waits, waiting.length], [0, 1, 1]);
    waiting.shift()!();
    await w.clock.advance(1_000);
    const { outcome, items } = await byNow(running, 'it goes on');
    assert.deepEqual([outcome, items, got, waiting.length], ['complete', 1, 1, 0]);
    await asking.stop();
  });
});

describe('Requester: time', () => {
  const options = { stallTimeoutMs: 100, minBytesPerWindow: 1_000, openTimeoutMs: 50 };
  const long = itemOf(9, 20_000);
  const chunk = (bytes: number): Uint8Array => Uint8Array.of(4, ...new Uint8Array(bytes));
  const begin = encodeItem(long).subarray(0, 44);

  /** How long a request takes and how it ends; the link takes 10 ms a way, opening two of them. */
  async function lasts(wanted: readonly Uint8Array[], source: Source, open: LinkInit = {}) {
    const w = await against(source, options, { latencyMs: 10, ...open });
    const begun = w.clock.monotonic();
    const running = w.a.fetch({ peer: 'b', ids: wanted, onItems: () => {} });
    let ms = Number.NaN;
    void running.then(() => {
      ms = w.clock.monotonic() - begun;
    });
    await w.clock.advance(2_000);
    const { outcome, error } = await byNow(running, 'it has not ended after 2 s');
    assert.equal(w.clock.pending, 0, 'no timer is left');
    return { ms, outcome, code: error?.code };
  }

  it('stalls when nothing comes for the limit', async () => {
    const silent = await lasts(ids, async () => {});
    assert.deepEqual(silent, { ms: 120, outcome: 'stalled', code: 'STALLED' });
  });

  it('continues as long as each answer arrives within the limit', async () => {
    const steady = await lasts(ids, async (channel, w) => {
      for (const id of ids) {
        await after(w, 99);
        await channel.send(encodeAbsent(id));
      }
      await channel.close();
    });
    assert.deepEqual(steady, { ms: 317, outcome: 'complete', code: undefined });
    const slow = await lasts(ids, async (channel, w) => {
      await after(w, 99);
      await channel.send(encodeAbsent(ids[0]!));
      await after(w, 101);
      await channel.send(encodeAbsent(ids[1]!)).catch(() => {});
    });
    assert.deepEqual(slow, { ms: 219, outcome: 'stalled', code: 'STALLED' });
  });

  it('continues as long as enough bytes of an item arrive within the limit', async () => {
    const trickle = (bytes: number) =>
      lasts([long.id], async (channel, w) => {
        await channel.send(begin);
        for (let i = 0; i < 8; i++) {
          await after(w, 49);
          await channel.send(chunk(bytes / 2)).catch(() => {});
        }
      });
    const enough = await trickle(1_000);
    assert.equal(enough.ms > 400, true, `1,000 bytes in 98 ms: stalled after ${enough.ms} ms`);
    const short = await trickle(998);
    assert.deepEqual(short, { ms: 120, outcome: 'stalled', code: 'STALLED' });
  });

  it('waits for the end of the stream as long as for an answer, and then succeeds', async () => {
    const open = await lasts(ids, async (channel) => {
      await channel.sendAll(ids.map((id) => encodeAbsent(id)));
    });
    assert.deepEqual(open, { ms: 120, outcome: 'complete', code: undefined });
  });

  it('waits for a stream up to its limit', async () => {
    const good: Source = async (channel) => {
      await channel.sendAll(ids.map((id) => encodeAbsent(id)));
      await channel.close();
    };
    const early = await lasts(ids, good, { latencyMs: 24 });
    assert.equal(early.outcome, 'complete');
    const late = await lasts(ids, good, { latencyMs: 26 });
    assert.deepEqual(late, { ms: 50, outcome: 'failed', code: 'TIMEOUT' });
  });
});

describe('Requester: the answers', () => {
  it('takes in at most 64 KiB at once beside the first answer', async () => {
    const items = Array.from({ length: 16 }, (_, i) => itemOf(i, 10_000));
    const w = await against(async (channel) => {
      await channel.sendAll(items.flatMap(framesOf));
      await channel.close();
    });
    const batches: number[] = [];
    const onItems = async (some: readonly Item[]) => {
      batches.push(some.length);
      await after(w, 1_000);
    };
    const { report } = await w.fetch(
      items.map(({ id }) => id),
      { onItems },
    );
    assert.equal(report.outcome, 'complete');
    assert.deepEqual(batches, [1, 7, 7, 1]);
  });

  it('reports bytes on arrival, wrong ones too, and counts them in the totals', async () => {
    const wrong = { ...two, payload: two.payload.slice().fill(9) };
    for (const round of [1, 2]) {
      const w = await against(async (channel) => {
        await channel.sendAll([encodeItem(one), encodeItem(wrong)]);
      });
      const told: number[] = [];
      const { report, got } = await w.fetch(ids, { onProgress: (bytes) => void told.push(bytes) });
      assert.deepEqual([report.outcome, got], ['invalid', [one]], `round ${round}`);
      assert.equal(
        told.reduce((sum, bytes) => sum + bytes, 0),
        200,
      );
      assert.deepEqual(w.a.totals, { receivedBytes: 200, sentBytes: 0 });
    }
  });

  it('reads a frame behind the last answer, and counts its bytes', async () => {
    for (const [extra, code, bytes] of [
      [Uint8Array.of(9), 'MALFORMED_FRAME', 0],
      [Uint8Array.of(4, 1, 2, 3), 'UNEXPECTED_FRAME', 3],
      [new Uint8Array(70_000), 'FRAME_TOO_LARGE', 0],
    ] as const) {
      const w = await against(async (channel) => {
        await channel.send(encodeAbsent(one.id));
        await after(w, 10);
        await channel.send(extra);
      });
      const { report } = await w.fetch([one.id]);
      assert.deepEqual([report.outcome, report.error?.code], ['invalid', code]);
      assert.equal(report.payloadBytes, bytes);
    }
  });

  it('reports items above its limit as too large, and other long ones as large', async () => {
    const w = await against(
      async (channel) => {
        const lengths = [1_000, 1_001, 501];
        await channel.sendAll(ids.map((id, i) => encodeLarge(id, lengths[i]!)));
        await channel.close();
      },
      { maxItemBytes: 1_000 },
    );
    const { report } = await w.fetch(ids, { maxBytes: 500 });
    assert.deepEqual(report.tooLarge, [ids[1]]);
    assert.deepEqual(report.large, [
      { id: ids[0], length: 1_000 },
      { id: ids[2], length: 501 },
    ]);
    assert.deepEqual([report.outcome, report.items, report.absent], ['complete', 0, []]);
  });

  it('reports an exception of its consumer as its own failure', async () => {
    for (const [thrown, error] of [
      [
        new ProtocolError('INVALID_BYTES', 'of ours'),
        { code: 'INVALID_BYTES', message: 'of ours' },
      ],
      [new ProtocolError('STALLED', 'too'), { code: 'STALLED', message: 'too' }],
      [new Error('plain'), { code: 'INTERNAL', message: 'plain' }],
      ['text', { code: 'INTERNAL', message: 'text' }],
    ] as const) {
      const w = (await world()).hold(one);
      const onItems = () => {
        throw thrown;
      };
      const { report } = await w.fetch([one.id], { onItems });
      assert.deepEqual([report.outcome, report.error], ['failed', error]);
      assert.deepEqual([report.items, report.payloadBytes], [0, 100]);
    }
  });
});

describe('Requester: called off', () => {
  it('leaves no listener on a signal, however the request ends', async () => {
    const w = (await world()).hold(one);
    const { signal } = new AbortController();
    for (const peer of ['b', 'nobody', 'b']) {
      await w.fetch([one.id], { peer, signal });
      assert.equal(getEventListeners(signal, 'abort').length, 0, peer);
    }
  });

  it('aborts a stream that opens after the call-off', async () => {
    const abort = new AbortController();
    let code: unknown;
    const w = await against(async (channel) => {
      code = await channel.receive().catch((error) => error.code);
    });
    const node = w.network.node('a');
    const open = node.open.bind(node);
    // A network that opens the stream in the turn in which the request is called off.
    node.open = async (peer, protocol, { signal: _, ...init }) => {
      const channel = await open(peer, protocol, init);
      abort.abort();
      return channel;
    };
    const { report } = await w.fetch(ids, { signal: abort.signal, forMs: 100 });
    assert.deepEqual([report.outcome, report.error?.code], ['failed', 'ABORTED']);
    assert.equal(code, 'STREAM_FAILED', 'the source is told');
  });
});
