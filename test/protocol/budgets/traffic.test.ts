import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { Traffic, type TrafficRates } from '../../../src/protocol/budgets/index.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

const NONE: TrafficRates = { upload: 0, download: 0, peerUpload: 0, peerDownload: 0 };
const KIB = 1024;
const { signal: never } = new AbortController();

function metered(rates: Partial<TrafficRates>) {
  const clock = new VirtualClock();
  const traffic = new Traffic({ clock, rates: { ...NONE, ...rates } });
  /** A stream that pays for pieces one after the other; the bytes that it has paid for. */
  const stream = (peer: string, pieceBytes: number): { paid: number } => {
    const state = { paid: 0 };
    void (async () => {
      for (;;) {
        await traffic.pay('download', peer, pieceBytes, never);
        state.paid += pieceBytes;
        // Without limits nothing waits, and the loop would never end.
        if (state.paid > 1e9) return;
      }
    })();
    return state;
  };
  return { clock, traffic, stream };
}

const RATE = 1_000_000;
const SECONDS = 20;

function near(value: number, expected: number, message: string): void {
  const off = Math.abs(value / expected - 1);
  assert.ok(off < 0.1, `${message}: ${value} is off by ${Math.round(100 * off)} %`);
}

describe('Traffic', () => {
  for (const count of [1, 3, 32]) {
    it(`keeps a rate within a tenth over twenty seconds, with ${count} streams, and is fair`, async () => {
      const { clock, traffic, stream } = metered({ download: RATE });
      const streams = Array.from({ length: count }, (_, i) => stream(`peer-${i % 4}`, 30 * KIB));
      await clock.advance(SECONDS * 1_000);
      const paid = streams.map((one) => one.paid);
      near(
        paid.reduce((sum, bytes) => sum + bytes, 0),
        SECONDS * RATE,
        'all together',
      );
      near(Math.min(...paid), Math.max(...paid), 'the slowest beside the quickest');
      assert.equal(traffic.totals.bytes.upload, 0);
      assert.ok(traffic.totals.waitedMs.download > count * 15_000);
    });
  }

  it('bounds each peer alone, however many streams it has', async () => {
    const { clock, stream } = metered({ peerDownload: RATE });
    const [a, b, c] = [stream('a', 9 * KIB), stream('a', 50 * KIB), stream('b', 20 * KIB)];
    await clock.advance(SECONDS * 1_000);
    near(a.paid + b.paid, SECONDS * RATE, 'two streams of a peer');
    near(c.paid, SECONDS * RATE, 'one stream of another');
  });

  it('lets the bytes of a quarter of a second go at once, and then waits for as long as is owed', async () => {
    const { clock, traffic } = metered({ upload: 1_000 });
    await traffic.pay('upload', 'a', 250, never);
    assert.equal(traffic.debtMs('upload', 'a'), 0);
    let paid = false;
    void traffic.pay('upload', 'b', 100, never).then(() => {
      paid = true;
    });
    assert.equal(traffic.debtMs('upload', null), 100, 'for all peers');
    assert.equal(traffic.debtMs('download', 'a'), 0, 'in this direction alone');
    await clock.advance(99);
    assert.equal(paid, false);
    await clock.advance(1);
    assert.equal(paid, true);
  });

  it('serves first who comes first, also those who pay nothing', async () => {
    const { clock, traffic } = metered({ upload: 1_000 });
    const done: string[] = [];
    for (const [peer, bytes] of [
      ['a', 1_250],
      ['b', 0],
      ['c', 500],
    ] as const) {
      void traffic.pay('upload', peer, bytes, never).then(() => done.push(peer));
    }
    await clock.advance(999);
    assert.deepEqual(done, []);
    await clock.advance(1);
    assert.deepEqual(done, ['a', 'b']);
    await clock.advance(500);
    assert.deepEqual(done, ['a', 'b', 'c']);
  });

  it('owes for bytes that could not wait, and lets later ones pay for them', async () => {
    const { traffic } = metered({ download: 1_000, peerDownload: 500 });
    traffic.charge('download', 'a', 1_250);
    assert.equal(traffic.debtMs('download', null), 1_000);
    assert.equal(traffic.debtMs('download', 'a'), 2_250, 'it owes at its own rate');
    assert.equal(traffic.debtMs('download', 'b'), 1_000);
    assert.deepEqual(traffic.totals.bytes, { upload: 0, download: 1_250 });
  });

  it('wakes those who wait when the rates change, and forgets all debts', async () => {
    for (const next of [NONE, { ...NONE, download: 10 }]) {
      const { clock, traffic } = metered({ download: 1 });
      let paid = 0;
      for (const peer of ['a', 'b']) {
        void traffic.pay('download', peer, 1_000_000, never).then(() => paid++);
      }
      await clock.advance(1_000);
      assert.equal(paid, 0);
      traffic.change(next);
      await settle();
      assert.equal(paid, 2);
      assert.deepEqual([traffic.debtMs('download', 'a'), clock.pending], [0, 0]);
      assert.deepEqual(traffic.rates, next);
      assert.deepEqual(
        [traffic.bounds('download'), traffic.bounds('upload')],
        [next !== NONE, false],
      );
    }
  });

  it('ends a wait that is called off, and leaves neither timer nor listener', async () => {
    const { clock, traffic } = metered({ download: 1 });
    const over = new AbortController();
    const waiting = traffic.pay('download', 'a', 1_000, over.signal);
    over.abort(new RangeError('gone'));
    await assert.rejects(waiting, RangeError);
    await assert.rejects(traffic.pay('download', 'a', 0, over.signal), RangeError);
    assert.equal(clock.pending, 0);
    assert.equal(getEventListeners(over.signal, 'abort').length, 0);
  });

  it('lets all pass at once where there is no limit', async () => {
    const { clock, traffic } = metered({ upload: 1 });
    await traffic.pay('download', 'a', 1e12, never);
    assert.deepEqual([traffic.bounds('download'), traffic.bounds('upload')], [false, true]);
    assert.equal(clock.pending, 0);
  });
});
