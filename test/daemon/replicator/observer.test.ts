import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pino } from 'pino';
import { Replicator, type ReplicatorObserver } from '../../../src/daemon/replicator/index.ts';
import type { Fetch, FetchRequest, Reconcile } from '../../../src/protocol/index.ts';
import { Replica, type ReplicaInit } from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { SeededRandom } from '../../support/random.ts';
import { fetchReport, sessionReport } from '../../support/reports.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { itemOf } from './support.ts';

const ORIGIN = { publisher: 'p', from: 'p' };

/** Writes down what it hears. */
function observerOf(lines: string[]): ReplicatorObserver {
  const say = (line: string): void => void lines.push(line);
  const way = (name: string): ReplicatorObserver['pushed'] => ({
    stored(items, results) {
      const told = items.map(({ payload }, i) => `${payload.length}:${results[i]!.created}`);
      say(`${name} ${told.join(' ')}`);
    },
    refused: (code) => say(`${name} ${code}`),
  });
  return {
    pushed: way('push'),
    fetched: way('fetch'),
    put: (results) => say(`put ${results.map(({ created }) => created).join(' ')}`),
    peer: (peer, change) => say(`peer ${peer} ${change}`),
    want: (peer, ids) => say(`want ${peer} ${ids.length}`),
    sessionEnded: ({ peer, missing }) => say(`session ${peer} ${missing}`),
    requestEnded: ({ outcome }, ms) => say(`request ${outcome} ${ms}`),
    streamEnded: ({ outcome }, ms) => say(`stream ${outcome} ${ms}`),
    misbehaved: (peer, misdeed) => say(`misbehaved ${peer} ${misdeed}`),
  };
}

/** A replicator in memory that fetches `items`, 5 ms a request. */
async function setUp(t: TestContext, limits: ReplicaInit['limits'] = {}) {
  const [clock, database, disk] = [new VirtualClock(), memoryDatabase(), new FakeDisk()];
  const replica = await Replica.open({ clock, database, disk, scheme: wideSum, limits });
  cleanUp(t, () => replica.close());
  const [lines, more]: [string[], string[]] = [[], []];
  const replicator = new Replicator({
    replica,
    clock,
    random: new SeededRandom(1),
    logger: pino({ level: 'silent' }),
    observers: [observerOf(lines), {}, observerOf(more)],
  });
  const items = [itemOf(1, 10), itemOf(2, 20)];
  const fetch = async ({ peer, onItems }: FetchRequest) => {
    await clock.advance(5);
    await onItems(items);
    return fetchReport({ peer, items: items.length });
  };
  const reconcile = { reconcile: () => new Promise(() => undefined) } as unknown as Reconcile;
  replicator.start({ reconcile, fetch: { fetch } as unknown as Fetch });
  cleanUp(t, () => replicator.stop());
  return { clock, replicator, items, lines, more };
}

describe('the observer of a replicator', () => {
  it('hears of puts, new or not, and of sessions', async (t) => {
    const { replicator, items, lines, more } = await setUp(t);
    await replicator.ownItems.put([items[0]!]);
    await replicator.ownItems.put(items);
    replicator.ended(sessionReport({ missing: 3 }));
    assert.deepEqual(lines, ['put true', 'put false true', 'session p 3']);
    assert.deepEqual(more, lines, 'all observers hear the same');
  });

  it('hears of peers that come and go', async (t) => {
    const { replicator, lines, more } = await setUp(t);
    replicator.peerConnected('p');
    replicator.peerDisconnected('p');
    assert.deepEqual(lines, ['peer p connected', 'peer p disconnected']);
    assert.deepEqual(more, lines);
  });

  it('hears of pushed items and of those that the store refuses', async (t) => {
    const { clock, replicator, items, lines, more } = await setUp(t, { maxItems: 1 });
    replicator.push.items(items, ORIGIN);
    await clock.advance(0);
    for (let turns = 0; turns < 20; turns++) await settle();
    assert.deepEqual(lines, ['push 10:true', 'push TOO_MANY_ITEMS']);
    assert.deepEqual(more, lines, 'all observers hear the same');
  });

  it('hears of fetched items, those that were here too, and of the end of the request', async (t) => {
    const { clock, replicator, items, lines, more } = await setUp(t);
    await replicator.ownItems.put([items[0]!]);
    replicator.peerConnected('p');
    replicator.missing('p', [items[1]!.id]);
    await clock.advance(10);
    for (let turns = 0; turns < 20; turns++) await settle();
    assert.deepEqual(lines, [
      'put true',
      'peer p connected',
      'want p 1',
      'request complete 5',
      'fetch 10:false 20:true',
    ]);
    assert.deepEqual(more, lines, 'all observers hear the same');
  });
});
