import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { Fetcher } from '../../../src/daemon/replicator/fetcher.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from '../../../src/daemon/replicator/options.ts';
import {
  type Fetch,
  type FetchReport,
  type FetchRequest,
  ReconciliationSet,
} from '../../../src/protocol/index.ts';
import { bytesToHex, hexToBytes, type Item, itemId, Replica } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { wideSum } from '../../support/wide-sum.ts';

const ITEMS: Item[] = Array.from({ length: 10 }, (_, i) => {
  const payload = new Uint8Array([i]);
  return { hint: 1n, payload, id: itemId(1n, payload) };
});

/** Answers for a peer, one request at a time. */
type Script = (request: FetchRequest) => Promise<Partial<FetchReport>>;

describe('Fetcher', () => {
  let clock: VirtualClock;
  let replica: Replica;
  let wanted: ReconciliationSet;
  let fetcher: Fetcher;
  let scripts: Map<string, Script>;
  let requests: { peer: string; ids: string[]; at: number }[];

  const serve: Script = async ({ ids, onItem }) => {
    for (const id of ids) {
      const item = ITEMS.find((known) => bytesToHex(known.id) === bytesToHex(id));
      if (item !== undefined) await onItem(item);
    }
    return { items: ids.length };
  };

  beforeEach(async () => {
    clock = new VirtualClock();
    const disk = { freeBytes: async () => Number.MAX_SAFE_INTEGER };
    const limits = { maxSetBytes: 10 };
    replica = await Replica.open({
      database: memoryDatabase(),
      clock,
      disk,
      limits,
      scheme: wideSum,
    });
    wanted = new ReconciliationSet();
    scripts = new Map();
    requests = [];
    const fetch: Pick<Fetch, 'fetch'> = {
      async fetch(request) {
        const { peer, ids } = request;
        requests.push({ peer, ids: ids.map(bytesToHex), at: clock.monotonic() });
        const report = await scripts.get(peer)!(request);
        const blank = {
          items: 0,
          absent: [],
          large: [],
          payloadBytes: 0,
          endedAt: null,
          error: null,
        };
        return { peer, outcome: 'complete', ...blank, ...report };
      },
    };
    fetcher = new Fetcher({
      wanted,
      replica,
      fetch: fetch as Fetch,
      clock,
      logger: pino({ level: 'silent' }),
      options: { ...DEFAULT_REPLICATOR_OPTIONS, batchItems: 4, requestsPerPeer: 1 },
    });
    replica.onCommit((added) => {
      for (const { id } of added) wanted.received(id);
    });
  });

  afterEach(async () => {
    await fetcher.stop();
    await replica.close();
    assert.equal(clock.pending, 0, 'a timer is left');
  });

  const want = (peer: string, items = ITEMS) =>
    wanted.add(
      peer,
      items.map(({ id }) => id),
    );

  it('fetches everything from two peers, each item once', async () => {
    for (const peer of ['a', 'b']) {
      scripts.set(peer, serve);
      want(peer);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(1);
    assert.equal(replica.status().items, ITEMS.length);
    const asked = requests.flatMap(({ ids }) => ids);
    assert.equal(asked.length, ITEMS.length);
    assert.equal(new Set(asked).size, ITEMS.length);
    assert.equal(new Set(requests.map(({ peer }) => peer)).size, 2);
    assert.equal(wanted.size, 0);
    assert.equal(fetcher.busy, false);
  });

  it('turns to the next source when one fails, and rests the one that did, longer each time', async () => {
    scripts.set('a', async () => ({ outcome: 'stalled' }));
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(10_000);
    assert.deepEqual(
      requests.map(({ at }) => at),
      [0, 1_000, 3_000, 7_000],
    );
    scripts.set('b', serve);
    want('b', ITEMS.slice(0, 1));
    fetcher.connected('b');
    fetcher.pump();
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });

  it('passes over an item with wrong bytes, and believes nothing more after several', async () => {
    const rotten = new Set<string>();
    scripts.set('a', async (request) => {
      const at = request.ids.findIndex((id) => rotten.has(bytesToHex(id)));
      await serve({ ...request, ids: request.ids.slice(0, at < 0 ? undefined : at) });
      return at < 0 ? {} : { outcome: 'invalid', endedAt: request.ids[at]! };
    });
    rotten.add(bytesToHex(ITEMS[0]!.id));
    want('a');
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(10_000);
    assert.equal(replica.status().items, ITEMS.length - 1);

    for (const { id } of ITEMS) rotten.add(bytesToHex(id));
    const asked = requests.length;
    wanted.add('a', [...rotten].map(hexToBytes));
    fetcher.pump();
    await clock.advance(120_000);
    assert.equal(requests.length - asked, 3);
    assert.equal(wanted.size, 0);
  });

  it('asks for the item that a source stalled at behind all the others', async () => {
    const stuck = bytesToHex(ITEMS[0]!.id);
    scripts.set('a', async (request) => {
      const at = request.ids.findIndex((id) => bytesToHex(id) === stuck);
      await serve({ ...request, ids: request.ids.slice(0, at < 0 ? undefined : at) });
      return at < 0 ? {} : { outcome: 'stalled', endedAt: request.ids[at]! };
    });
    want('a');
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(60_000);
    assert.equal(replica.status().items, ITEMS.length - 1);
    assert.equal(wanted.size, 1);
  });

  it('refuses an item above the limit for good, and goes on with the rest', async () => {
    const large = ITEMS[1]!.id;
    scripts.set('a', async (request) => {
      const at = request.ids.findIndex((id) => bytesToHex(id) === bytesToHex(large));
      await serve({ ...request, ids: request.ids.slice(0, at < 0 ? undefined : at) });
      if (at < 0) return {};
      const error = { code: 'ITEM_TOO_LARGE', message: 'too large' };
      return { outcome: 'invalid', endedAt: large, error };
    });
    want('a');
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(1);
    assert.equal(replica.status().items, ITEMS.length - 1);
    assert.equal(wanted.size, 0);
    assert.ok(fetcher.refuses(large));
  });

  it('does not ask a peer again for what it says it does not have', async () => {
    scripts.set('a', async ({ ids }) => ({ absent: ids }));
    want('a');
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(120_000);
    assert.equal(requests.length, 3);
    assert.equal(wanted.size, 0);
  });

  it('tries a single item now and then while the set is full, and goes on when there is room', async () => {
    await replica.put([{ hint: 2n, payload: new Uint8Array(9) }]);
    scripts.set('a', serve);
    scripts.set('b', serve);
    want('a');
    want('b');
    fetcher.connected('a');
    fetcher.connected('b');
    await clock.advance(300_000);
    assert.equal(replica.status().items, 2);
    assert.equal(fetcher.paused?.code, 'SET_FULL');
    const asked = requests.slice(2).flatMap(({ ids }) => ids);
    assert.ok(asked.length < 12, `${asked.length} items asked for while there was no room`);
  });

  it('gives no claim of a new request away when an old one of the same peer ends', async () => {
    const old = Promise.withResolvers<Partial<FetchReport>>();
    const current = Promise.withResolvers<void>();
    scripts.set('a', () => old.promise);
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    fetcher.pump();
    fetcher.disconnected('a');
    scripts.set('a', (request) => current.promise.then(() => serve(request)));
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    old.resolve({ outcome: 'failed' });
    await clock.advance(5_000);
    assert.equal(requests.length, 2);
    assert.equal(wanted.claimedBy(ITEMS[0]!.id), 'a');
    current.resolve();
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });

  it('gives back what was claimed for a peer that went', async () => {
    const gone = Promise.withResolvers<Partial<FetchReport>>();
    scripts.set('a', () => gone.promise);
    scripts.set('b', serve);
    want('a');
    want('b');
    fetcher.connected('a');
    fetcher.pump();
    fetcher.connected('b');
    fetcher.disconnected('a');
    await clock.advance(1);
    gone.resolve({ outcome: 'failed' });
    await clock.advance(1);
    assert.equal(replica.status().items, ITEMS.length);
  });
});
