import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { guardOf } from '../../../../src/daemon/guard/index.ts';
import { RefusedIds } from '../../../../src/daemon/replicator/fetching/testing.ts';
import {
  DEFAULT_REPLICATOR_OPTIONS,
  type PeerRecord,
  type ReplicatorOptions,
} from '../../../../src/daemon/replicator/index.ts';
import { Push } from '../../../../src/daemon/replicator/push/index.ts';
import { joined, ReceivedRates } from '../../../../src/daemon/replicator/testing.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import { ITEM_OVERHEAD_BYTES, type ItemKey, Replica } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { idOf, itemOf, Lines, soon } from '../support.ts';

const ORIGIN = { publisher: 'p', from: 'f' };

async function setUp(
  t: TestContext,
  options: Partial<ReplicatorOptions> = {},
  maxSetBytes = 2_000,
) {
  const clock = new VirtualClock();
  const disk = new FakeDisk();
  const replica = await Replica.open({
    database: memoryDatabase(),
    clock,
    disk,
    scheme: wideSum,
    limits: { maxSetBytes },
  });
  t.after(() => replica.close());
  const wanted = new ReconciliationSet();
  const spread: ItemKey[][] = [];
  const seen = {
    wants: 0,
    pumps: 0,
    differs: [] as string[],
    gaps: [] as string[],
    refused: [] as string[],
  };
  const log = new Lines();
  const push = new Push({
    guard: guardOf([]),
    replica,
    wanted,
    clock,
    logger: log.logger,
    options: { ...DEFAULT_REPLICATOR_OPTIONS, maxItemBytes: 100, windowBytes: 200, ...options },
    rates: new ReceivedRates({ ...DEFAULT_REPLICATOR_OPTIONS, ...options, clock }),
    fetcher: {
      room: () => Number.POSITIVE_INFINITY,
      paused: null,
      pump: () => seen.pumps++,
      refuses: () => false,
      refused: new RefusedIds(),
      guarded: new RefusedIds(),
    },
    peers: {
      get: () => ({ connected: true }) as PeerRecord,
      differs: (peer) => seen.differs.push(peer),
    },
    keeper: { touch: () => seen.wants++ },
    observer: joined([
      { pushed: { stored: () => undefined, refused: (code) => seen.refused.push(code) } },
    ]),
    coverage: { pushed: (keys) => spread.push([...keys]) },
    scheduler: { gap: (peer) => seen.gaps.push(`${peer}`) },
  });
  const stop = push.stop.bind(push);
  push.stop = () => soon(stop(), 'taken items are not put when push stops');
  t.after(() => push.stop());
  return { clock, replica, wanted, push, spread, seen };
}

const keyOf = (number: number, length: number) => ({ hint: 1n, id: idOf(number), length });

/** Items of 1,000 bytes are taken, two at a time. */
const LONG = { maxItemBytes: 1_000, windowBytes: 2_000 };

describe('the room for announced items', () => {
  it('is full at its bound, and free again each time they are stored', async (t) => {
    const { clock, push, replica } = await setUp(t);
    for (const round of [1, 2, 3]) {
      assert.equal(push.items([itemOf(10 * round, 100)], ORIGIN), true);
      assert.equal(
        push.items([itemOf(10 * round + 1, 101)], ORIGIN),
        false,
        'too long, and not passed on',
      );
      assert.equal(push.items([itemOf(10 * round + 2, 100)], ORIGIN), true, 'at the bound');
      assert.equal(push.items([itemOf(10 * round + 3, 1)], ORIGIN), false, 'one byte past it');
      await clock.advance(0);
      assert.equal(replica.status().items, 2 * round);
    }
  });

  it('is free again where the set stored none of them, and they may be wanted again', async (t) => {
    const { clock, push, replica, wanted, spread } = await setUp(t, LONG, 1_150);
    const [kept, first, second] = [itemOf(1, 100), itemOf(2, 1_000), itemOf(3, 1_000)];
    assert.equal(push.items([kept], ORIGIN), true);
    await clock.advance(0);
    for (const round of [1, 2]) {
      assert.equal(push.items([first, second], ORIGIN), true, 'there is room');
      assert.equal(push.arriving(first.id), true);
      await clock.advance(0);
      for (const { id } of [first, second]) {
        assert.equal(push.arriving(id), false, 'an item whose put failed counts as arriving');
      }
      assert.deepEqual([push.holds(first.id), push.holds(second.id)], [false, false]);
      assert.equal(spread.length, 1, 'nothing is told where nothing was stored');
      if (round === 1) await replica.put([{ hint: 2n, payload: new Uint8Array(1) }]);
      // The pause that a refusal asks for, and the set looks again.
      await clock.advance(100_000);
    }
    await replica.put([{ hint: 3n, payload: new Uint8Array(1) }]);
    assert.equal(push.keys([{ ...first, length: 100 }], ORIGIN).length, 1);
    assert.equal(wanted.has(first.id), true, 'it is wanted again');
  });

  it('announces the stored items, and none where none was stored', async (t) => {
    const { clock, push, spread } = await setUp(t, {}, 150 + 2 * ITEM_OVERHEAD_BYTES);
    const [first, second] = [itemOf(1, 100), itemOf(2, 100)];
    push.items([first], ORIGIN);
    push.items([second], ORIGIN);
    await clock.advance(0);
    assert.deepEqual(
      spread.map((keys) => keys.map(({ id }) => id)),
      [[first.id]],
    );
    push.passedOn([second]);
    assert.deepEqual(spread.at(-1), [second]);
  });

  it('is closed to a publisher that is over its rate: a session is to bring the items', async (t) => {
    const perSecond = 10 + ITEM_OVERHEAD_BYTES;
    const { clock, push, seen } = await setUp(t, { publisherBytesPerSecond: perSecond }, 1e6);
    for (let number = 0; number < 4; number++) {
      assert.equal(push.items([itemOf(number, 10)], ORIGIN), true);
      await clock.advance(0);
    }
    assert.deepEqual(seen.gaps, []);
    assert.equal(push.items([itemOf(4, 10)], ORIGIN), false);
    assert.deepEqual(seen.gaps, ['p']);
    assert.equal(push.arriving(itemOf(4, 10).id), false, 'it is wanted as before');
    await clock.advance(1_000);
    assert.equal(push.items([itemOf(4, 10)], ORIGIN), true);
    await clock.advance(0);
  });

  it('is closed to items above the limit, which are counted once a publisher and item', async (t) => {
    const { push, seen } = await setUp(t);
    for (const _ of [1, 2]) push.items([itemOf(1, 101), itemOf(2, 101)], ORIGIN);
    push.keys([keyOf(3, 100), keyOf(4, 101), keyOf(4, 101)], ORIGIN);
    assert.deepEqual(seen.refused, ['ITEM_TOO_LARGE', 'ITEM_TOO_LARGE', 'ITEM_TOO_LARGE']);
    push.items([itemOf(1, 101)], { publisher: 'q', from: 'f' });
    assert.equal(seen.refused.length, 4);
  });

  it('takes the other items of a message with an item above the limit, which is not passed on', async (t) => {
    const { clock, push, replica, seen } = await setUp(t);
    assert.equal(push.items([itemOf(1, 100), itemOf(2, 101)], ORIGIN), false);
    await clock.advance(0);
    assert.deepEqual([replica.status().items, seen.refused], [1, ['ITEM_TOO_LARGE']]);
  });

  it('is not used by items that are not stored', async (t) => {
    const { clock, push } = await setUp(t);
    assert.equal(push.items([], ORIGIN), true);
    assert.equal(push.items([itemOf(1, 101)], ORIGIN), false);
    assert.equal(clock.pending, 0, 'nothing is to be put');
  });
});

describe('announced keys', () => {
  it('are not wanted while the set is full, and wanted again once there is room', async (t) => {
    const { push, replica, wanted, seen } = await setUp(t, {}, 100 + ITEM_OVERHEAD_BYTES);
    await replica.put([{ hint: 2n, payload: new Uint8Array(100) }]);
    await assert.rejects(replica.put([{ hint: 3n, payload: new Uint8Array(1) }]));
    assert.notEqual(replica.refusing, null);
    const waited = push.keys([keyOf(1, 10)], ORIGIN);
    assert.equal(wanted.size, 0, 'keys are wanted though the set is full');
    assert.deepEqual(waited, []);
    assert.equal(seen.wants, 0);
  });

  it('are wanted up to the item limit, and count as large above the inline limit', async (t) => {
    const { push, wanted } = await setUp(t, { maxSmallBytes: 50 });
    const keys = [keyOf(1, 50), keyOf(2, 51), keyOf(3, 100), keyOf(4, 101)];
    assert.deepEqual(push.keys(keys, ORIGIN), keys.slice(0, 3));
    assert.deepEqual(wanted.unclaimed, { small: 1, large: 2 });
    assert.deepEqual(wanted.said(idOf(2)), { peer: 'p', bytes: 51 });
  });

  it('reach all parts that they concern, each time', async (t) => {
    const { push, seen } = await setUp(t);
    for (const round of [1, 2]) {
      push.keys([keyOf(round, 10)], ORIGIN);
      assert.deepEqual([seen.wants, seen.pumps], [round, round]);
      push.gap({ ...ORIGIN, publisher: `q${round}` } as never);
    }
    assert.deepEqual(seen.gaps, ['q1', 'q2']);
    assert.deepEqual(seen.differs, ['f', 'p', 'f', 'q1', 'f', 'p', 'f', 'q2']);
  });
});
