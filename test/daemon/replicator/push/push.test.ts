import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import {
  type GuardCode,
  guardOf,
  type ItemOrigin,
  type ItemRefusal,
} from '../../../../src/daemon/guard/index.ts';
import { RefusedIds } from '../../../../src/daemon/replicator/fetching/testing.ts';
import {
  DEFAULT_REPLICATOR_OPTIONS,
  type PeerRecord,
  type ReplicatorOptions,
} from '../../../../src/daemon/replicator/index.ts';
import { Push } from '../../../../src/daemon/replicator/push/index.ts';
import { ReceivedRates } from '../../../../src/daemon/replicator/testing.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import {
  ITEM_OVERHEAD_BYTES,
  type ItemKey,
  itemId,
  Replica,
  StoreError,
  type VerifiedItem,
  verifyItem,
} from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { soon } from '../support.ts';

const ORIGIN = { publisher: 'p', from: 'f' };

function itemOf(length: number, fill = 1): VerifiedItem {
  const payload = new Uint8Array(length).fill(fill);
  return verifyItem({ hint: 1n, payload, id: itemId(1n, payload) });
}

async function setUp(
  context: TestContext,
  limits: { maxSetBytes?: number } = {},
  options: Partial<ReplicatorOptions> = {},
  guard = guardOf([]),
) {
  const clock = new VirtualClock();
  const disk = new FakeDisk();
  const replica = await Replica.open({ database: memoryDatabase(), clock, disk, limits });
  context.after(() => replica.close());
  const wanted = new ReconciliationSet();
  const spread: ItemKey[] = [];
  const state = {
    poor: new Set<string>(),
    connected: new Set(['p', 'f']),
    refused: new Set<string>(),
    guarded: new RefusedIds(),
    paused: false,
    differing: [] as string[],
  };
  const push = new Push({
    guard,
    replica,
    wanted,
    clock,
    logger: pino({ level: 'silent' }),
    options: { ...DEFAULT_REPLICATOR_OPTIONS, maxItemBytes: 1_000, windowBytes: 5_000, ...options },
    rates: new ReceivedRates({ ...DEFAULT_REPLICATOR_OPTIONS, ...options, clock }),
    fetcher: {
      room: (peer) => (state.poor.has(peer) ? 1 : Number.POSITIVE_INFINITY),
      get paused() {
        return state.paused ? { code: 'SET_FULL', message: 'full' } : null;
      },
      pump: () => undefined,
      refuses: (peer, id) => state.refused.has(peer) || replica.refusals.hasFrom(peer, id),
      refused: new RefusedIds(),
      guarded: state.guarded,
    },
    peers: {
      get: (peer) => ({ connected: state.connected.has(peer) }) as PeerRecord,
      differs: (peer) => void state.differing.push(peer),
    },
    keeper: { touch: () => undefined },
    coverage: { pushed: (keys) => spread.push(...keys) },
    scheduler: { gap: () => undefined },
  });
  const stop = push.stop.bind(push);
  push.stop = () => soon(stop(), 'taken items are not put when push stops');
  context.after(() => push.stop());
  return { clock, replica, wanted, push, spread, state };
}

describe('announced items', () => {
  it('holds nothing for certain while the set cannot be read', async (context) => {
    const { push, replica } = await setUp(context);
    const { id } = itemOf(3);
    await replica.putVerified([itemOf(3)]);
    assert.ok(push.holds(id));
    replica.contains = () => {
      throw new StoreError('STORE_UNAVAILABLE', 'the database is being opened again');
    };
    assert.equal(push.holds(id), false);
  });

  it('go to the disk, and are not wanted from their arrival on', async (context) => {
    const { replica, wanted, push, spread } = await setUp(context);
    const item = itemOf(10);
    wanted.add('q', [item.id]);
    assert.equal(push.items([item], ORIGIN), true);
    assert.equal(wanted.has(item.id), false);
    assert.equal(push.arriving(item.id), true);
    await push.stop();
    assert.equal(push.arriving(item.id), false);
    assert.equal(push.holds(item.id), true);
    assert.deepEqual(
      spread.map(({ id }) => id),
      [item.id],
    );
    assert.equal(replica.status().items, 1);
    assert.equal((await replica.arrivalOf(item.id))?.source, 'f/p', 'sender and publisher');
  });

  it('make no difference to a peer that nothing is taken from, and one to others', async (context) => {
    const guard = guardOf([{ takesFrom: (peer) => peer !== 'reader', refusalOf: () => null }]);
    const { push, state } = await setUp(context, {}, {}, guard);
    push.items([itemOf(10)], { from: 'reader', publisher: 'reader' });
    assert.deepEqual(state.differing, []);
    push.items([itemOf(11)], { from: 'neighbour', publisher: 'reader' });
    push.keys([], { from: 'reader', publisher: 'neighbour' });
    assert.deepEqual(state.differing, ['neighbour', 'neighbour']);
  });

  it('above the whole quota of a peer are not fetched of it either', async (context) => {
    const [code, message] = ['PEER_QUOTA', 'no'] as const;
    for (const lasting of [true, false]) {
      const guard = guardOf([{ refusalOf: () => ({ code, message, lasting }) }]);
      const { push, state } = await setUp(context, {}, {}, guard);
      push.items([itemOf(10)], ORIGIN);
      assert.equal(state.guarded.hasFrom('f', itemOf(10).id), lasting);
    }
  });

  it('that the guard refuses by key are neither stored nor passed on; by content, passed on', async (context) => {
    const [good, byKey, byContent] = [itemOf(10), itemOf(11), itemOf(12)];
    const origins: ItemOrigin[] = [];
    const refusal = (code: GuardCode): ItemRefusal => ({ code, message: 'no', lasting: true });
    const guard = guardOf([
      {
        refusalOf: ({ id }) => (id === byKey.id ? refusal('ITEM_REFUSED') : null),
        judge: async (items, origin) => {
          origins.push(origin);
          return items.map(({ id }) => (id === byContent.id ? refusal('POLICY_REFUSED') : null));
        },
      },
    ]);
    const { replica, wanted, push, spread } = await setUp(context, {}, {}, guard);
    assert.equal(push.items([byKey], ORIGIN), false);
    assert.equal(push.items([good, byKey], ORIGIN), false);
    assert.equal(push.items([byContent], { publisher: 'q', from: 'f' }), true);
    const key = { hint: byKey.hint, id: byKey.id, length: 11 };
    assert.deepEqual([push.keys([key], ORIGIN), wanted.has(byKey.id)], [[], false]);
    await push.stop();
    assert.deepEqual(
      [replica.size, push.holds(good.id), push.arriving(byContent.id)],
      [1, true, false],
    );
    assert.deepEqual(
      spread.map(({ id }) => id),
      [good.id],
    );
    assert.deepEqual(
      origins.map(({ via, peer, publisher }) => [via, peer, publisher]),
      [
        ['push', 'f', 'p'],
        ['push', 'f', 'q'],
      ],
    );
  });

  it('that arrive twice before they are on the disk are stored once', async (context) => {
    const { replica, push } = await setUp(context);
    const item = itemOf(10);
    assert.ok(push.items([item], ORIGIN) && push.items([item, itemOf(11)], ORIGIN));
    await push.stop();
    assert.equal(replica.status().items, 2);
  });

  it('that arrive in one turn of the event loop share a commit', async (context) => {
    const { clock, replica, push, spread } = await setUp(context);
    const before = replica.status().commit;
    for (let i = 0; i < 3; i++) assert.equal(push.items([itemOf(10, i)], ORIGIN), true);
    await clock.advance(0);
    assert.equal(replica.status().commit, before + 1);
    assert.equal(replica.status().items, 3);
    assert.equal(push.items([itemOf(10, 4)], ORIGIN), true);
    await clock.advance(0);
    assert.equal(replica.status().commit, before + 2);
    assert.equal(spread.length, 4);
  });

  it('are stored as far as they fit where not all of one batch do', async (context) => {
    const { clock, push, spread } = await setUp(context, {
      maxSetBytes: 100 + 2 * ITEM_OVERHEAD_BYTES,
    });
    const [small, large, other] = [itemOf(10), itemOf(99), itemOf(20)];
    for (const item of [small, large, other]) assert.equal(push.items([item], ORIGIN), true);
    await clock.advance(0);
    assert.deepEqual(
      spread.map(({ id }) => id),
      [small.id, other.id],
    );
    assert.equal(push.holds(large.id), false);
  });

  it('above our limit are skipped, and the others stored', async (context) => {
    const { replica, push } = await setUp(context);
    assert.equal(push.items([itemOf(1_001), itemOf(1_000)], ORIGIN), false);
    await push.stop();
    assert.equal(replica.status().items, 1);
  });

  it('are not accepted while too many wait for the disk', async (context) => {
    const { push } = await setUp(context);
    for (let i = 0; i < 5; i++) assert.equal(push.items([itemOf(1_000, i)], ORIGIN), true);
    assert.equal(push.items([itemOf(1_000, 9)], ORIGIN), false);
    await push.stop();
    assert.equal(push.items([itemOf(1_000, 9)], ORIGIN), true);
  });

  it('are not accepted while the set refuses items, and accepted afterwards', async (context) => {
    const { clock, replica, push, spread } = await setUp(context, {
      maxSetBytes: 100 + 2 * ITEM_OVERHEAD_BYTES,
    });
    assert.equal(push.items([itemOf(400)], ORIGIN), true);
    await clock.advance(0);
    assert.deepEqual(spread, []);
    assert.equal(push.items([itemOf(10)], ORIGIN), false);
    await clock.advance(70_000);
    assert.equal(
      push.items([itemOf(10)], ORIGIN),
      false,
      'as long as the refused items would be refused again',
    );
    await replica.put([{ hint: 2n, payload: new Uint8Array(1) }]);
    await clock.advance(70_000);
    assert.equal(push.items([itemOf(10)], ORIGIN), true);
    await clock.advance(0);
    assert.equal(push.holds(itemOf(10).id), true);
  });
});

describe('announced keys', () => {
  const key = { hint: 1n, id: new Uint8Array(32).fill(7), length: 500 };

  it('are wanted from their sender, and from the publisher where it is connected', async (context) => {
    const { push, wanted, state } = await setUp(context);
    assert.deepEqual(push.keys([key], ORIGIN), [key]);
    assert.deepEqual(wanted.sources(key.id), ['f', 'p']);
    state.connected.delete('p');
    const other = { ...key, id: new Uint8Array(32).fill(8) };
    push.keys([other], ORIGIN);
    assert.deepEqual(wanted.sources(other.id), ['f']);
  });

  it('are not wanted from a peer of which a policy refused the item, but from others', async (context) => {
    const { push, wanted, replica } = await setUp(context);
    await replica.refusals.note([{ ...key, source: 'p', reason: 'no' }]);
    assert.deepEqual(push.keys([key], ORIGIN), [key]);
    assert.deepEqual(wanted.sources(key.id), ['f']);
  });

  it('are not fetched while their item is on its way to the disk', async (context) => {
    const { push, wanted } = await setUp(context);
    const item = itemOf(10);
    assert.equal(push.items([item], ORIGIN), true);
    const announced = { hint: item.hint, id: item.id, length: 10 };
    assert.deepEqual(push.keys([announced], ORIGIN), [announced]);
    assert.equal(wanted.has(item.id), false);
    await push.stop();
    assert.equal(push.holds(item.id), true);
  });

  it('are not wanted from a peer that calls them too large, but from others', async (context) => {
    const { push, wanted, state } = await setUp(context);
    state.refused.add('f');
    assert.deepEqual(push.keys([key], ORIGIN), [key]);
    assert.deepEqual(wanted.sources(key.id), ['p']);
  });

  it('are wanted from an unproductive peer up to its listing limit', async (context) => {
    const { push, wanted, state } = await setUp(context);
    state.poor.add('f');
    const other = { ...key, id: new Uint8Array(32).fill(8) };
    assert.deepEqual(push.keys([key, other], ORIGIN), [key, other]);
    assert.deepEqual(wanted.sources(key.id), ['f', 'p']);
    assert.deepEqual(wanted.sources(other.id), ['p']);
  });

  it('do not wait as large ones when they are already wanted', async (context) => {
    const { push, wanted } = await setUp(context, {}, { maxSmallBytes: 100 });
    wanted.add('q', [key.id]);
    const other = { ...key, id: new Uint8Array(32).fill(8) };
    push.keys([key, other], ORIGIN);
    assert.deepEqual(wanted.said(other.id), { peer: 'p', bytes: 500 });
    assert.deepEqual(wanted.unclaimed, { small: 1, large: 1 });
  });

  it('are ignored when too long, refused by all, or while fetching is paused', async (context) => {
    const { push, wanted, state } = await setUp(context);
    assert.deepEqual(push.keys([{ ...key, length: 1_001 }], ORIGIN), []);
    state.refused = new Set(['p', 'f']);
    assert.deepEqual(push.keys([key], ORIGIN), []);
    state.refused.clear();
    state.paused = true;
    assert.deepEqual(push.keys([key], ORIGIN), []);
    assert.equal(wanted.size, 0);
  });
});
