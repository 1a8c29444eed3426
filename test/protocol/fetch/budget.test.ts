import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FetchReport, Traffic, type TrafficRates } from '../../../src/protocol/index.ts';
import { byNow } from '../../support/by-now.ts';
import { itemOf, World } from './world.ts';

const NONE: TrafficRates = { upload: 0, download: 0, peerUpload: 0, peerDownload: 0 };
const RATE = 100_000;
const ITEM_BYTES = 20_000;

/** `a` asks `b` for two seconds' worth of items under the budget of one of them. */
async function fetched(budgetOf: 'a' | 'b', rates: Partial<TrafficRates>, bytes = ITEM_BYTES) {
  const w = new World();
  const traffic = new Traffic({ clock: w.clock, rates: { ...NONE, ...rates } });
  const options = { stallTimeoutMs: 1_500, writeTimeoutMs: 1_500, minBytesPerWindow: 100 };
  const a = w.service('a', options, budgetOf === 'a' ? { traffic } : {});
  const b = w.service('b', options, budgetOf === 'b' ? { traffic } : {});
  await Promise.all([a.start(), b.start()]);
  await w.clock.advance(50);
  const items = Array.from({ length: Math.round((2 * RATE) / bytes) }, (_, i) => itemOf(i, bytes));
  w.hold(...items);
  const over = new AbortController();
  const waits: Promise<void>[] = [];
  const begin = w.clock.monotonic();
  let ms = Number.NaN;
  const running = a.fetch({
    peer: 'b',
    ids: items.map(({ id }) => id),
    onItems: () => {},
    signal: over.signal,
    onWait: (paid) => {
      waits.push(paid);
      return paid;
    },
  });
  void running.then(() => {
    ms = w.clock.monotonic() - begin;
  });
  const ended = (): Promise<FetchReport> => byNow(running, 'the request has not ended');
  return { w, a, b, traffic, items, over, waits, ended, ms: () => ms };
}

describe('a fetch under a budget of bytes', () => {
  for (const [budgetOf, direction, bytes] of [
    ['a', 'download', ITEM_BYTES],
    ['a', 'peerDownload', ITEM_BYTES],
    ['b', 'upload', ITEM_BYTES],
    ['b', 'peerUpload', ITEM_BYTES],
    ['b', 'upload', 2 * RATE],
  ] as const) {
    it(`takes as long as ${direction} of ${budgetOf} allows, with items of ${bytes} bytes`, async () => {
      const f = await fetched(budgetOf, { [direction]: RATE }, bytes);
      await f.w.clock.advance(1_300);
      assert.ok(Number.isNaN(f.ms()), 'it is not over before');
      await f.w.clock.advance(1_500);
      const { outcome, items } = await f.ended();
      assert.deepEqual([outcome, items], ['complete', f.items.length], 'own rests are no stall');
      const moved = f.traffic.totals.bytes[budgetOf === 'a' ? 'download' : 'upload'];
      assert.ok(moved >= 2 * RATE && moved < 2.1 * RATE, `${moved} bytes were charged`);
    });
  }

  it('tells the caller of each of its rests', async () => {
    const f = await fetched('a', { download: RATE });
    await f.w.clock.advance(4_000);
    await f.ended();
    assert.ok(f.waits.length > 1);
  });

  it('ends at once when it is called off during a rest', async () => {
    const f = await fetched('a', { download: 1_000 });
    await f.w.clock.advance(1_000);
    const { sentBytes } = f.b.totals;
    assert.ok(sentBytes < 2 * RATE, `${sentBytes} bytes lie unread or were read`);
    f.over.abort();
    await f.w.clock.advance(10);
    assert.equal((await f.ended()).outcome, 'failed');
    await f.w.clock.advance(60_000);
    assert.equal(f.w.clock.pending, 0, 'no timer is left');
  });

  it('ends its answer at once when it is interrupted during a rest', async () => {
    const f = await fetched('b', { upload: 1_000 });
    await f.w.clock.advance(1_000);
    f.b.interrupt('a');
    await f.w.clock.advance(50);
    assert.equal((await f.ended()).outcome, 'failed');
    await f.w.clock.advance(60_000);
    assert.equal(f.w.clock.pending, 0, 'no timer is left');
  });
});
