import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Replicator, type WantsFile } from '../../../src/daemon/replicator/index.ts';
import { decodeWants } from '../../../src/daemon/replicator/upkeep/testing.ts';
import type { FetchService, ReconcileService, SessionReport } from '../../../src/protocol/index.ts';
import {
  INFINITE_BOUND,
  itemId,
  Replica,
  verifyItem,
  ZERO_BOUND,
} from '../../../src/store/index.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { SeededRandom } from '../../support/random.ts';
import { sessionReport } from '../../support/reports.ts';
import { wideSum } from '../../support/wide-sum.ts';

const KEY = { hint: 1n, id: new Uint8Array(32).fill(7), length: 500 };
const LONG = new Uint8Array(17 * 1024 * 1024);
const TOO_LONG = verifyItem({ hint: 1n, id: itemId(1n, LONG), payload: LONG });

interface Change {
  lost?: boolean;
  wantsFile?: WantsFile;
}

async function setUp(context: TestContext, { lost = false, wantsFile }: Change = {}) {
  const clock = new VirtualClock();
  const disk = new FakeDisk();
  const replica = await Replica.open({
    database: memoryDatabase(),
    clock,
    disk,
    scheme: wideSum,
    ...(lost ? { witness: { read: async () => 9, write: () => undefined } } : {}),
  });
  context.after(() => replica.close());
  const logger = pino({ level: 'silent' });
  const replicator = new Replicator({
    replica,
    clock,
    random: new SeededRandom(1),
    logger,
    wantsFile: wantsFile ?? null,
  });
  const ended = (change: Partial<SessionReport> = {}) =>
    replicator.ended(
      sessionReport({ startedAt: clock.now(), version: replica.version, ...change }),
    );
  const start = () =>
    replicator.start({
      reconcile: { reconcile: () => new Promise(() => undefined) } as unknown as ReconcileService,
      fetch: { fetch: () => new Promise(() => undefined) } as unknown as FetchService,
    });
  return { clock, replica, replicator, ended, start };
}

describe('Replicator.inSync', () => {
  it('is true after a session found both sets equal, and not before', async (context) => {
    const { replicator, ended } = await setUp(context);
    assert.equal(replicator.peers.inSync('p'), false);
    replicator.peerConnected('p');
    assert.equal(replicator.peers.inSync('p'), false);
    ended();
    assert.equal(replicator.peers.inSync('p'), true);
  });

  it('ends with the first sign of a change on either side', async (context) => {
    const { replica, replicator, ended } = await setUp(context);
    const { push } = replicator;
    replicator.peerConnected('p');
    const changes: (() => unknown)[] = [
      () => replicator.differs('p'),
      () => replicator.missing('p', [new Uint8Array(32)]),
      () => push.keys([KEY], { publisher: 'p', from: 'q' }),
      () => push.keys([KEY], { publisher: 'q', from: 'p' }),
      () => push.keys([{ ...KEY, length: 2 ** 30 }], { publisher: 'p', from: 'p' }),
      () => push.items([TOO_LONG], { publisher: 'p', from: 'p' }),
      () => push.gap({ publisher: 'p', from: 'q' }),
      () => push.gap({ publisher: 'q', from: 'p' }),
      () => ended({ equal: false }),
      () => ended({ equal: true, error: { code: 'TIMEOUT', message: 'too slow' } }),
      () => ended({ version: replica.version - 1 }),
      () => replica.put([{ hint: 1n, payload: new Uint8Array(1) }]),
      () => replicator.peerDisconnected('p'),
    ];
    for (const change of changes) {
      ended();
      assert.equal(replicator.peers.inSync('p'), true);
      await change();
      assert.equal(replicator.peers.inSync('p'), false, change.toString());
    }
    replicator.peerConnected('p');
    assert.equal(replicator.peers.inSync('p'), false, 'a new connection begins without knowledge');
  });

  it('wants no id of a peer that left', async (context) => {
    const { replicator } = await setUp(context);
    replicator.missing('p', [new Uint8Array(32)]);
    assert.equal(replicator.wanted.size, 0);
  });
});

describe('Replicator.busyWith', () => {
  it('includes peers with a running session, and those that fetch many items from us', async (context) => {
    const { replicator, ended, clock } = await setUp(context);
    const running = new Set(['q']);
    replicator.start({
      reconcile: {
        reconcile: () => new Promise(() => undefined),
        runs: (peer) => running.has(peer),
      } as Partial<ReconcileService> as ReconcileService,
      fetch: { fetch: () => new Promise(() => undefined) } as unknown as FetchService,
    });
    context.after(() => replicator.stop());
    for (const peer of ['p', 'q']) replicator.peerConnected(peer);
    assert.deepEqual([replicator.busyWith('p'), replicator.busyWith('q')], [false, true]);
    const interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
    const found = {
      interval,
      whole: true,
      theirs: 0,
      refused: 0,
      refusedThere: 0,
      proved: true,
      continueFrom: null,
      spent: null,
    };
    ended({ equal: false, finding: { ...found, mine: 10 } });
    assert.equal(replicator.busyWith('p'), false);
    ended({ equal: false, role: 'responder', finding: { ...found, mine: 5_000 } });
    assert.equal(replicator.busyWith('p'), true);
    await clock.advance(11_000);
    assert.equal(replicator.busyWith('p'), false);
  });
});

describe('Replicator after a loss', () => {
  it('says the set is refilled once every connected peer has been asked', async (context) => {
    const { replica, replicator, ended, start } = await setUp(context, { lost: true });
    await replica.ready();
    const refilled = async () => {
      await replica.ready();
      await settle();
      return !replica.status().needsRefill;
    };
    assert.equal(await refilled(), false);
    replicator.peerConnected('p');
    replicator.peerConnected('q');
    ended({ peer: 'p', equal: false, missing: 1 });
    ended({ peer: 'q' });
    assert.equal(await refilled(), false, 'p has something we lack');
    replicator.missing('p', [new Uint8Array(32)]);
    ended({ peer: 'p' });
    assert.equal(await refilled(), false, 'something is wanted');
    replicator.peerDisconnected('q');
    replicator.peerConnected('q');
    start();
    replicator.peerDisconnected('p');
    ended({ peer: 'q', error: { code: 'TIMEOUT', message: 'too slow' } });
    assert.equal(await refilled(), false, 'the session failed');
    ended({ peer: 'q', equal: false });
    assert.equal(await refilled(), true);
  });
});

describe('Replicator on announced keys', () => {
  const origin = { publisher: 'p', from: 'p' };

  it('saves them as wanted, also when no session ever runs', async (context) => {
    const saved: Uint8Array[] = [];
    const save = async (record: Uint8Array) => void saved.push(record);
    const wantsFile = { load: async () => null, save };
    const { clock, replicator, start } = await setUp(context, { wantsFile });
    start();
    await settle();
    replicator.peerConnected('p');
    replicator.push.keys([KEY], origin);
    await clock.advance(10_000);
    assert.deepEqual(
      saved.map((record) => decodeWants(record)!.map(({ id }) => id)),
      [[KEY.id]],
    );
  });
});
