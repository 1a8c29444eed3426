import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { Fetcher } from '../../../../src/daemon/replicator/fetching/index.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from '../../../../src/daemon/replicator/index.ts';
import {
  type Fetch,
  type FetchReport,
  type FetchRequest,
  ReconciliationSet,
} from '../../../../src/protocol/index.ts';
import {
  bytesToHex,
  hexToBytes,
  itemId,
  Replica,
  type VerifiedItem,
  verifyItem,
} from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { wideSum } from '../../../support/wide-sum.ts';

const ITEMS: VerifiedItem[] = Array.from({ length: 10 }, (_, i) => {
  const payload = new Uint8Array([i]);
  return verifyItem({ hint: 1n, payload, id: itemId(1n, payload) });
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
  let disbelieved: string[];

  const serve: Script = async ({ ids, onItems }) => {
    for (const id of ids) {
      const items = ITEMS.filter((known) => bytesToHex(known.id) === bytesToHex(id));
      if (items.length > 0) await onItems(items);
    }
    return { items: ids.length };
  };

  beforeEach(async () => {
    clock = new VirtualClock();
    const disk = new FakeDisk();
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
    disbelieved = [];
    const fetch: Pick<Fetch, 'fetch'> = {
      async fetch(request) {
        const { peer, ids } = request;
        requests.push({ peer, ids: ids.map(bytesToHex), at: clock.monotonic() });
        const report = await scripts.get(peer)!(request);
        const blank = {
          items: 0,
          absent: [],
          large: [],
          tooLarge: [],
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
      clock,
      logger: pino({ level: 'silent' }),
      options: { ...DEFAULT_REPLICATOR_OPTIONS, batchItems: 4, requestsPerPeer: 1 },
      disbelieved: (peer) => disbelieved.push(peer),
    });
    fetcher.start(fetch as Fetch);
    replica.onCommit((added) => {
      for (const { id } of added) wanted.received(id);
      fetcher.committed(added);
    });
  });

  afterEach(async () => {
    let stopped = false;
    void fetcher.stop().then(() => {
      stopped = true;
    });
    for (let turns = 0; turns < 20 && !stopped; turns++) await settle();
    await replica.close();
    assert.ok(stopped, 'a request was not called off, so the fetcher does not stop');
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

  it('does not want any more what turns out to be here already', async () => {
    await replica.putVerified(ITEMS.slice(0, 2));
    scripts.set('a', serve);
    want('a', ITEMS.slice(0, 3));
    fetcher.connected('a');
    await clock.advance(10_000);
    assert.deepEqual([requests.length, wanted.size, replica.status().items], [1, 0, 3]);
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
    assert.equal(wanted.size, wanted.orphans);
    assert.deepEqual(disbelieved, ['a']);
  });

  it('asks others for an item whose bytes were wrong, though nobody else has listed it', async () => {
    scripts.set('a', async ({ ids }) => ({ outcome: 'invalid', endedAt: ids[0]! }));
    scripts.set('b', serve);
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    await clock.advance(1);
    assert.deepEqual([wanted.size, wanted.orphans], [1, 1]);
    await clock.advance(60_000);
    assert.equal(requests.length, 1, 'and not the same peer again');
    fetcher.connected('b');
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });

  it('does not leave what nobody lists to a peer that is silent', async () => {
    const silent: Script = async ({ ids, signal }) => {
      await new Promise((resolve) => signal!.addEventListener('abort', resolve, { once: true }));
      return { outcome: 'failed', endedAt: ids[0]! };
    };
    scripts.set('a', silent);
    fetcher.connected('a');
    wanted.restore([{ id: ITEMS[0]!.id, since: 0, confirmed: false }]);
    fetcher.pump();
    assert.ok(fetcher.asks('a'));
    scripts.set('b', serve);
    fetcher.connected('b');
    await clock.advance(2_000);
    assert.equal(replica.status().items, 1);
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

  it('refuses an item above the limit when all its sources say so, and goes on with the rest', async () => {
    const large = bytesToHex(ITEMS[1]!.id);
    for (const peer of ['a', 'b']) {
      scripts.set(peer, async (request) => {
        const tooLarge = request.ids.filter((id) => bytesToHex(id) === large);
        const report = await serve({
          ...request,
          ids: request.ids.filter((id) => !tooLarge.includes(id)),
        });
        return { ...report, tooLarge };
      });
      want(peer);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(1);
    assert.equal(replica.status().items, ITEMS.length - 1);
    assert.equal(wanted.size, 0);
    assert.equal(requests.flatMap(({ ids }) => ids).filter((id) => id === large).length, 2);
    const id = ITEMS[1]!.id;
    assert.equal(fetcher.isSaidTooLarge(id), true);
    assert.deepEqual(
      ['a', 'b', 'c'].map((peer) => fetcher.refuses(peer, id)),
      [true, true, false],
      'whoever has not said so is asked',
    );
  });

  it('does not take the word of one peer for it that an item is too large', async () => {
    scripts.set('a', async ({ ids }) => ({ tooLarge: ids }));
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(1);
    const { id } = ITEMS[0]!;
    assert.deepEqual([wanted.size, fetcher.refused], [0, 1]);
    assert.deepEqual([fetcher.refuses('a', id), fetcher.refuses('b', id)], [true, false]);
    scripts.set('b', serve);
    want('b', ITEMS.slice(0, 1));
    fetcher.connected('b');
    await clock.advance(1);
    assert.deepEqual([replica.status().items, fetcher.refused], [1, 0]);
  });

  it('forgets all lengths a peer said when one proves wrong, and believes it nothing after several', async () => {
    const alone: number[] = [];
    scripts.set('a', async ({ ids, maxBytes }) =>
      maxBytes === undefined
        ? { outcome: 'failed' }
        : { large: ids.map((id) => ({ id, length: 300_000 })) },
    );
    scripts.set('b', async (request) => {
      if (request.maxBytes === undefined) alone.push(request.ids.length);
      return serve(request);
    });
    for (let lie = 1; lie <= 4; lie++) {
      await clock.advance(120_000);
      const items = ITEMS.slice(2 * lie - 2, 2 * lie);
      want('a', items);
      fetcher.connected('a');
      await clock.advance(1);
      assert.equal(wanted.unclaimed.large, lie < 4 ? 2 : 0);
      want('b', items);
      fetcher.connected('b');
      await clock.advance(1);
      fetcher.disconnected('b');
      assert.equal(replica.status().items, 2 * lie);
      assert.equal(wanted.sources(ITEMS[9]!.id).length, 0);
    }
    assert.deepEqual(alone, [2, 2, 2], 'the fourth time nothing it says is believed');
  });

  it('does not believe a peer whose requests come to nothing, until it delivers something', async () => {
    scripts.set('a', async () => ({ outcome: 'stalled' }));
    want('a');
    wanted.add('b', [ITEMS[0]!.id]);
    fetcher.connected('a');
    await clock.advance(122_000);
    assert.deepEqual([requests.length, fetcher.room('a')], [7, Number.POSITIVE_INFINITY]);
    assert.equal(wanted.sources(ITEMS[0]!.id).length, 2);
    await clock.advance(2_000);
    assert.equal(requests.length, 8);
    assert.deepEqual([wanted.size, wanted.orphans], [10, 9], 'what others list stays with them');
    assert.deepEqual(wanted.sources(ITEMS[0]!.id), ['b']);
    assert.equal(fetcher.room('a'), 0, 'as long as it rests');
    await clock.advance(60_000);
    assert.equal(fetcher.room('a'), 1_024);
    want('a');
    assert.equal(fetcher.room('a'), 1_014);
    fetcher.pump();
    await clock.advance(60_000);
    assert.deepEqual([requests.length, wanted.listed('a')], [9, 0], 'the next time at once');
    want('a');
    scripts.set('a', serve);
    fetcher.pump();
    await clock.advance(60_000);
    assert.deepEqual([replica.status().items, fetcher.room('a')], [10, Number.POSITIVE_INFINITY]);
  });

  it('has a peer rest that said an item to be too large which then came', async () => {
    scripts.set('a', async ({ ids }) => ({ tooLarge: ids }));
    scripts.set('b', serve);
    want('a', ITEMS.slice(0, 1));
    fetcher.connected('a');
    await clock.advance(1);
    want('b', ITEMS.slice(0, 1));
    fetcher.connected('b');
    await clock.advance(1);
    want('a', ITEMS.slice(1, 2));
    fetcher.pump();
    const asked = () => requests.filter(({ peer }) => peer === 'a').length;
    assert.equal(asked(), 1);
    await clock.advance(1_000);
    assert.equal(asked(), 2);
  });

  /** Peers that each have an item of their own, and bring a little of it all the time. */
  const crowd = (size: number, large: boolean): string[] => {
    const names = Array.from({ length: size }, (_, i) => `slow ${i}`);
    for (const [i, name] of names.entries()) {
      scripts.set(name, async ({ ids, maxBytes, signal, onProgress }) => {
        if (large && maxBytes !== undefined) {
          return { large: ids.map((id) => ({ id, length: 2 ** 24 })) };
        }
        for (;;) {
          if (signal?.aborted) return { outcome: 'failed', endedAt: ids[0]! };
          onProgress?.(2_000);
          await new Promise<void>((resolve) => {
            const cancel = clock.after(900, resolve);
            const over = (): void => {
              cancel();
              resolve();
            };
            signal?.addEventListener('abort', over, { once: true });
          });
        }
      });
      wanted.add(name, [new Uint8Array(32).fill(100 + i)]);
      fetcher.connected(name);
    }
    return names;
  };

  it('does not let peers that trickle hold all the room while others wait', async () => {
    const names = crowd(32, false);
    await clock.advance(20_000);
    assert.equal(names.filter(fetcher.asks, fetcher).length, 32, 'nobody waits');
    want('a', ITEMS.slice(0, 1));
    scripts.set('a', serve);
    fetcher.connected('a');
    await clock.advance(1_000);
    assert.equal(replica.status().items, 1);
  });

  describe('large items', () => {
    const [huge, ...rest] = ITEMS as [VerifiedItem, ...VerifiedItem[]];
    const isHuge = (id: Uint8Array) => bytesToHex(id) === bytesToHex(huge.id);
    /** Takes a second for the large item, and says how large it is when it is not to be sent. */
    const serveLarge: Script = async (request) => {
      const inline = request.maxBytes !== undefined;
      const ids = request.ids.filter((id) => !inline || !isHuge(id));
      if (ids.some(isHuge)) await new Promise<void>((resolve) => clock.after(1_000, resolve));
      const report = await serve({ ...request, ids });
      const large = inline ? request.ids.filter(isHuge) : [];
      return { ...report, large: large.map((id) => ({ id, length: huge.payload.length })) };
    };

    beforeEach(() => {
      for (const peer of ['a', 'b']) {
        scripts.set(peer, serveLarge);
        fetcher.connected(peer);
      }
    });

    it('come when the small ones are here, asked for alone', async () => {
      for (const peer of ['a', 'b']) want(peer);
      fetcher.pump();
      await clock.advance(1);
      assert.equal(replica.status().items, rest.length);
      assert.deepEqual(wanted.unclaimed, { small: 0, large: 1 });
      await clock.advance(500);
      assert.deepEqual(requests.at(-1)?.ids, [bytesToHex(huge.id)]);
      await clock.advance(1_000);
      assert.equal(replica.status().items, ITEMS.length);
    });

    it('do not wait for small ones that only a resting peer is said to have', async () => {
      scripts.set('c', async () => ({ outcome: 'failed' }));
      wanted.add('c', [new Uint8Array(32)]);
      fetcher.connected('c');
      await clock.advance(1);
      want('a', [huge]);
      fetcher.pump();
      await clock.advance(900);
      assert.equal(wanted.unclaimed.small, 1);
      assert.equal(wanted.claimedBy(huge.id), 'a');
      await clock.advance(1_000);
      assert.equal(replica.status().items, 1);
    });

    it('do not wait for a small request that gets nowhere', async () => {
      scripts.set('c', async ({ signal }) => {
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
        return { outcome: 'failed' };
      });
      wanted.add('c', [new Uint8Array(32)]);
      fetcher.connected('c');
      want('a', [huge]);
      fetcher.pump();
      await clock.advance(1_600);
      assert.equal(fetcher.asks('c'), true);
      assert.equal(replica.status().items, 1);
    });

    it('of peers that trickle do not hold all the room while others wait', async () => {
      const names = crowd(4, true);
      await clock.advance(20_000);
      assert.deepEqual(names.map(fetcher.asks, fetcher), [true, true, true, true], 'nobody waits');
      want('a', [huge]);
      fetcher.pump();
      await clock.advance(20_000);
      assert.equal(replica.status().items, 1);
      assert.equal(names.filter(fetcher.asks, fetcher).length, 4, 'it is asked again afterwards');
    });

    it('are fetched of a peer that failed where no other has them', async () => {
      scripts.set('c', async () => ({ outcome: 'failed' }));
      wanted.add('c', [huge.id]);
      fetcher.connected('c');
      await clock.advance(1);
      scripts.set('c', serveLarge);
      want('a', rest);
      await clock.advance(20_000);
      assert.equal(replica.status().items, ITEMS.length);
    });

    it('do not wait for ever', async () => {
      let number = 1;
      const busy = (): void => {
        fetcher.committed([{ id: new Uint8Array(32).fill(number++), hint: 1n }]);
        if (number < 80) clock.after(100, busy);
      };
      busy();
      want('a', [huge]);
      fetcher.pump();
      await clock.advance(4_900);
      assert.equal(requests.length, 1);
      await clock.advance(200);
      assert.deepEqual(requests.at(-1)?.ids, [bytesToHex(huge.id)]);
      await clock.advance(4_000);
      assert.equal(replica.status().items, 1);
    });
  });

  it('lets an idle source have what another takes too long to bring', async () => {
    const aborted: string[] = [];
    scripts.set('a', async ({ signal, onItems, ids }) => {
      await onItems(ITEMS.filter(({ id }) => bytesToHex(id) === bytesToHex(ids[0]!)));
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      aborted.push('a');
      return { outcome: 'failed', items: 1, endedAt: ids[1]! };
    });
    scripts.set('b', serve);
    for (const peer of ['a', 'b']) {
      want(peer);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(1_240);
    assert.deepEqual([replica.status().items, aborted], [7, []]);
    await clock.advance(20);
    assert.deepEqual([replica.status().items, aborted], [ITEMS.length, ['a']]);
  });

  it('lets nobody have what waits for our own disk', async () => {
    const disk = Promise.withResolvers<void>();
    const { putVerified } = replica;
    replica.putVerified = (items) => disk.promise.then(() => putVerified.call(replica, items));
    const limited = wanted;
    for (const peer of ['a', 'b']) {
      scripts.set(peer, async (request) => {
        for (let i = 0; i < 3; i++) request.onProgress?.(10);
        return serve(request);
      });
      limited.add(peer, [ITEMS[0]!.id]);
      fetcher.connected(peer);
    }
    fetcher.pump();
    await clock.advance(20_000);
    assert.equal(requests.length, 1);
    disk.resolve();
    await clock.advance(1);
    assert.equal(replica.status().items, 1);
  });

  it('rests a peer once for a listing that proves wrong, and believes none of it after much', async () => {
    const invented = Array.from({ length: 300 }, (_, i) => {
      const id = new Uint8Array(32);
      new DataView(id.buffer).setUint32(0, i);
      return id;
    });
    scripts.set('a', async ({ ids }) => ({ absent: ids }));
    wanted.add('a', invented);
    fetcher.connected('a');
    fetcher.pump();
    await clock.advance(999);
    assert.equal(requests.length, 1);
    await clock.advance(1);
    assert.equal(wanted.size, 0);
    assert.ok(requests.length <= 65, `${requests.length} requests`);
    assert.equal(fetcher.room('a'), 0, 'as long as it rests');
    await clock.advance(120_000);
    assert.equal(fetcher.room('a'), 1_024, 'until it delivers something');
    wanted.add('a', invented);
    fetcher.listed('a');
    const asked = requests.length;
    fetcher.pump();
    await clock.advance(120_000);
    assert.ok(requests.length > asked);
    assert.equal(wanted.size, 0);
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
