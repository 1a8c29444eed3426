import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { type GuardCheck, guardOf } from '../../../../src/daemon/guard/index.ts';
import { RefusedIds, Streaming } from '../../../../src/daemon/replicator/fetching/testing.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from '../../../../src/daemon/replicator/index.ts';
import { ReceivedRates } from '../../../../src/daemon/replicator/testing.ts';
import {
  type RangePart,
  type RangeReport,
  type RangeRequest,
  ReconciliationSet,
  Turns,
} from '../../../../src/protocol/index.ts';
import {
  type BulkPace,
  equalBytes,
  INFINITE_BOUND,
  identifyItem,
  Replica,
  type ReplicaInit,
  type VerifiedItem,
  ZERO_BOUND,
} from '../../../../src/store/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { wideSum } from '../../../support/wide-sum.ts';

const RANGE = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

function itemAt(hint: number, bytes = 10): VerifiedItem {
  return identifyItem(BigInt(hint), new Uint8Array(bytes).fill(hint), new Uint8Array(32));
}

function partOf(items: readonly VerifiedItem[], end = INFINITE_BOUND): RangePart {
  return { begin: ZERO_BOUND, end, items, long: [] };
}

interface RigInit {
  readonly limits?: ReplicaInit['limits'];
  readonly check?: GuardCheck;
  readonly peerBytesPerSecond?: number;
  readonly bulk?: Pick<BulkPace, 'turn'>;
}

/** A streaming over a set in memory; the test plays the peer. */
async function rig(t: TestContext, init: RigInit = {}) {
  const clock = new VirtualClock();
  const replica = await Replica.open({
    database: memoryDatabase(),
    clock,
    disk: new FakeDisk(),
    scheme: wideSum,
    ...(init.limits === undefined ? {} : { limits: init.limits }),
  });
  cleanUp(t, () => replica.close());
  const { peerBytesPerSecond = 1 << 30 } = init;
  const options = { ...DEFAULT_REPLICATOR_OPTIONS, peerBytesPerSecond };
  const guarded = new RefusedIds();
  const paused: string[] = [];
  const listed: number[] = [];
  let play: (request: RangeRequest) => Promise<Partial<RangeReport>> = async () => ({});
  const streaming = new Streaming({
    replica,
    clock,
    bulk: init.bulk ?? { turn: async () => undefined },
    options,
    guarded,
    wanted: new ReconciliationSet(),
    guard: guardOf(init.check === undefined ? [] : [init.check]),
    logger: pino({ level: 'silent' }),
    rates: new ReceivedRates({ ...options, clock }),
    listed: (_, ids) => listed.push(ids.length),
    pause: {
      refused: ({ code }) => paused.push(code),
      ended: (stored) => paused.push(`stored ${stored}`),
      open: true,
    },
    fetch: {
      streams: (peer) => peer === 'a',
      stream: async (request) => {
        const { peer, upper: end } = request;
        const report = { peer, outcome: 'complete', end, items: 0, payloadBytes: 0, error: null };
        return { ...report, ...(await play(request)) } as RangeReport;
      },
    },
  });
  let came = 0;
  const control = new AbortController();
  const { signal } = control;
  const run = (played: typeof play) => {
    play = played;
    const add = (items: number): void => {
      came += items;
    };
    return streaming.run({ peer: 'a', ...RANGE, signal, came: add });
  };
  const callOff = (): void => control.abort();
  return { clock, replica, streaming, guarded, paused, listed, run, callOff, came: () => came };
}

describe('a streamed range', () => {
  it('is stored part by part, and counts what came', async (t) => {
    const set = await rig(t);
    const result = await set.run(async ({ onPart }) => {
      await onPart(partOf([itemAt(1), itemAt(2)], { hint: 3n, id: null }));
      await onPart(partOf([itemAt(3)]));
      return {};
    });
    assert.deepEqual(result, { end: INFINITE_BOUND, outcome: 'complete', refused: false });
    assert.deepEqual([set.replica.size, set.came(), set.paused], [3, 3, ['stored 3']]);
    const arrival = await set.replica.arrivalOf(itemAt(3).id);
    assert.equal(arrival?.source, 'a');
  });

  it('begins at the floor of this node, and is not asked for below', async (t) => {
    const set = await rig(t);
    await set.replica.retention.raise(4n);
    const asked: bigint[] = [];
    const result = await set.run(async ({ lower }) => {
      asked.push(lower.hint);
      return {};
    });
    assert.deepEqual([asked, result.end], [[4n], INFINITE_BOUND]);
    const signal = new AbortController().signal;
    const upper = { hint: 4n, id: null };
    const below = await set.streaming.run({ peer: 'a', ...RANGE, upper, signal, came() {} });
    assert.deepEqual(below, { end: upper, outcome: 'complete', refused: false });
    assert.deepEqual([asked, set.came()], [[4n], 0]);
  });

  it('is put some 500 items at a time, and I/O comes between', async (t) => {
    const clock = new VirtualClock();
    const set = await rig(t, { bulk: new Turns({ clock }) });
    const items = Array.from({ length: 1_025 }, (_, i) => itemAt(i));
    const sizes: number[] = [];
    const put = set.replica.putVerified.bind(set.replica);
    set.replica.putVerified = (some, options) => {
      sizes.push(some.length);
      return put(some, options);
    };
    const running = set.run(async ({ onPart }) => {
      await onPart(partOf(items));
      return {};
    });
    await settle();
    assert.deepEqual(sizes, [512]);
    await clock.advance(0);
    await running;
    assert.deepEqual([sizes, set.replica.size, set.came()], [[512, 512, 1], 1_025, 1_025]);
  });

  it('is put when bulk work has its turn, and not once it is called off', async (t) => {
    const turns: (() => void)[] = [];
    const bulk = { turn: () => new Promise<void>((resolve) => turns.push(resolve)) };
    const set = await rig(t, { bulk });
    const given = [itemAt(1), itemAt(2)];
    const running = set.run(async ({ onPart }) => {
      await onPart(partOf([given[0]!], { hint: 2n, id: null }));
      await assert.rejects(async () => onPart(partOf([given[1]!])), { name: 'AbortError' });
      return {};
    });
    await settle();
    assert.deepEqual([set.replica.size, turns.length], [0, 1]);
    turns.shift()!();
    await settle();
    assert.deepEqual([set.replica.size, turns.length], [1, 1]);
    set.callOff();
    turns.shift()!();
    await running;
    assert.equal(set.replica.size, 1);
  });

  it('ends where the store takes no more, and begins anew for a session', async (t) => {
    const set = await rig(t, { limits: { maxItems: 2 } });
    const result = await set.run(async ({ onPart }) => {
      await onPart(partOf([itemAt(1), itemAt(2)], { hint: 3n, id: null }));
      await assert.rejects(async () => {
        for (const hint of [3, 4, 5]) {
          await onPart(partOf([itemAt(hint)]));
          await set.clock.advance(1);
        }
      });
      return { outcome: 'failed' };
    });
    assert.deepEqual([result.end, result.refused], [ZERO_BOUND, true]);
    assert.deepEqual([set.replica.size, set.paused], [2, ['TOO_MANY_ITEMS']]);
  });

  it('does without items that the guard refuses, and remembers those refused for good', async (t) => {
    const bad = itemAt(2);
    const check: GuardCheck = {
      refusalOf: ({ id }) =>
        equalBytes(id, bad.id) ? { code: 'ITEM_REFUSED', message: 'no', lasting: true } : null,
    };
    const set = await rig(t, { check });
    await set.run(async ({ onPart }) => {
      await onPart(partOf([itemAt(1), bad, itemAt(3)]));
      return {};
    });
    assert.deepEqual([set.replica.size, set.guarded.hasFrom('a', bad.id)], [2, true]);
  });

  it('remembers refused items as they come, however many a stream has', async (t) => {
    const refused = { code: 'ITEM_REFUSED', message: 'no', lasting: true } as const;
    const set = await rig(t, { check: { refusalOf: () => refused } });
    await set.run(async ({ onPart }) => {
      await onPart(partOf([itemAt(1)], { hint: 2n, id: null }));
      await settle();
      await onPart(partOf([itemAt(2)]));
      assert.equal(set.guarded.hasFrom('a', itemAt(1).id), true);
      return {};
    });
    assert.equal(set.guarded.hasFrom('a', itemAt(2).id), true);
  });

  it('waits for commits of items without a payload too', async (t) => {
    const set = await rig(t);
    const gate = Promise.withResolvers<void>();
    const put = set.replica.putVerified.bind(set.replica);
    set.replica.putVerified = async (items, options) => {
      await gate.promise;
      return put(items, options);
    };
    let parts = 0;
    const running = set.run(async ({ onPart }) => {
      for (; parts < 40; parts++) {
        await onPart(partOf(Array.from({ length: 512 }, (_, i) => itemAt(512 * parts + i, 0))));
      }
      return {};
    });
    await settle();
    assert.equal(parts, 16);
    gate.resolve();
    await running;
    assert.equal(set.replica.size, 40 * 512);
  });

  it('hands on the ids of items that are too long', async (t) => {
    const set = await rig(t);
    await set.run(async ({ onPart }) => {
      await onPart({ ...partOf([]), long: [{ hint: 1n, id: itemAt(1).id, length: 70_000 }] });
      return {};
    });
    assert.deepEqual([set.listed, set.came()], [[1], 0]);
  });

  it('waits for the rate of the peer, and is not asked for while the peer is over it', async (t) => {
    const set = await rig(t, { peerBytesPerSecond: 4_000 });
    let parts = 0;
    const running = set.run(async ({ onPart }) => {
      for (const hint of [1, 2, 3]) {
        await onPart(partOf([itemAt(hint, 8_000)], { hint: BigInt(hint + 1), id: null }));
        parts++;
      }
      return {};
    });
    await set.clock.advance(100);
    assert.deepEqual([parts, set.streaming.available('a')], [0, false]);
    await set.clock.advance(20_000);
    await running;
    assert.deepEqual([parts, set.replica.size], [3, 3]);
    assert.deepEqual([set.streaming.available('a'), set.streaming.available('b')], [true, false]);
  });
});
