import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, ITEM_OVERHEAD_BYTES } from '../../../../src/store/index.ts';
import { FAILED, idOf, idsOf, itemOf } from '../support.ts';
import { FetcherRig } from './fetcher-support.ts';

const ONE = { batchItems: 1, requestsPerPeer: 1 };

describe('the requests of a fetcher', () => {
  it('are limited for each peer, and the next one follows an ended one', async (t) => {
    const rig = await FetcherRig.open(t, { batchItems: 1, requestsPerPeer: 2 });
    rig.fetcher.connected('a');
    assert.deepEqual([rig.fetcher.busy, rig.fetcher.asks('a')], [false, false]);
    rig.want('a', [1, 2, 3, 4]);
    for (const left of [4, 3, 2]) {
      assert.equal(rig.running, 'a,a', `${left} are left`);
      assert.deepEqual([rig.fetcher.busy, rig.fetcher.asks('a')], [true, true]);
      await rig.of('a').end({}, true);
    }
    assert.equal(rig.running, 'a');
    await rig.of('a').end({}, true);
    assert.deepEqual([rig.fetcher.busy, rig.fetcher.asks('a'), rig.stored], [false, false, 4]);
    assert.equal(rig.fetcher.asks('b'), false);
  });

  it('are limited in all, shared out in turns, and the next one follows an ended one', async (t) => {
    const rig = await FetcherRig.open(t, { batchItems: 1, requestsPerPeer: 2, maxRequests: 3 });
    for (const peer of ['a', 'b', 'c']) rig.fetcher.connected(peer);
    for (const [i, peer] of ['a', 'b', 'c'].entries()) {
      rig.wanted.add(peer, []);
      rig.want(peer, [10 * i + 1, 10 * i + 2, 10 * i + 3, 10 * i + 4]);
    }
    for (let stored = 0; stored < 9; stored++) {
      assert.equal(rig.asked.length, 3, `when ${stored} have come`);
      await rig.asked[0]!.end({}, true);
    }
    assert.equal(rig.stored, 9);
  });

  it('go to each peer in turn', async (t) => {
    const rig = await FetcherRig.open(t, { ...ONE, maxRequests: 1 });
    for (const peer of ['a', 'b', 'c']) rig.fetcher.connected(peer);
    for (const peer of ['a', 'b', 'c']) rig.want(peer, [1, 2, 3, 4, 5, 6]);
    const asked = [];
    for (let i = 0; i < 6; i++) {
      asked.push(rig.running);
      await rig.asked[0]!.end({}, true);
    }
    assert.equal(asked.join(), 'a,b,c,a,b,c');
  });

  it('are one at a time to a failed peer, until it delivers an item', async (t) => {
    const rig = await FetcherRig.open(t, { batchItems: 1, requestsPerPeer: 2 });
    rig.fetcher.connected('a');
    rig.want('a', [1, 2, 3, 4, 5, 6]);
    for (const _ of [1, 2]) {
      assert.equal(rig.running, 'a,a');
      await rig.of('a').end({ outcome: 'failed', error: FAILED });
      await rig.of('a').end({}, false);
      assert.equal(rig.running, '', 'it rests');
      await rig.clock.advance(1_000);
      assert.equal(rig.running, 'a', 'on probation');
      await rig.of('a').end({}, true);
    }
    assert.equal(rig.running, 'a,a');
  });

  it('ask for short items by length, and for large ones whole', async (t) => {
    const rig = await FetcherRig.open(t, { ...ONE, maxSmallBytes: 100, largeQuietMs: 0 });
    rig.fetcher.connected('a');
    const [id] = rig.want('a', [1], 200);
    assert.equal(rig.of('a').request.maxBytes, 100);
    await rig.of('a').end({ large: [{ id: id!, length: 200 }] });
    assert.equal(rig.wanted.length(id!), 200);
    assert.equal(rig.of('a').request.maxBytes, undefined);
    await rig.of('a').end({}, true);
    assert.equal(rig.stored, 1);
  });

  it('are aborted, and awaited, when the fetcher stops', async (t) => {
    const rig = await FetcherRig.open(t, ONE);
    rig.fetcher.connected('a');
    rig.want('a', [1, 2]);
    const { request, end } = rig.of('a');
    let stopped = false;
    void rig.fetcher.stop().then(() => {
      stopped = true;
    });
    await rig.clock.advance(10);
    assert.deepEqual([request.signal!.aborted, stopped], [true, false]);
    await end({ outcome: 'failed' });
    assert.equal(stopped, true);
    rig.fetcher.pump();
    rig.fetcher.connected('a');
    assert.equal(rig.running, '');
    assert.equal(rig.warnings('peer failed').length, 0, 'that is no failure of the peer');
  });
});

describe('a peer that comes and goes', () => {
  it('is asked for its present listing, and its requests are aborted when it leaves', async (t) => {
    const rig = await FetcherRig.open(t, ONE);
    for (const number of [1, 2]) {
      rig.fetcher.connected('a');
      rig.want('a', [number]);
      const { request, end } = rig.of('a');
      rig.fetcher.disconnected('a');
      assert.equal(request.signal!.aborted, true);
      assert.equal(rig.fetcher.asks('a'), false);
      assert.equal(rig.wanted.listed('a'), 0);
      await end({ outcome: 'failed', error: FAILED });
      await rig.clock.advance(1_000);
      assert.equal(rig.running, '');
    }
    assert.equal(rig.wanted.orphans, 2);
    rig.fetcher.connected('b');
    assert.equal(rig.running, 'b', 'any peer may have an id without a lister');
    assert.equal(rig.warnings('peer failed').length, 0);
  });

  it('frees its ids for others as soon as it leaves', async (t) => {
    const rig = await FetcherRig.open(t, ONE);
    for (const peer of ['a', 'b']) rig.fetcher.connected(peer);
    rig.want('a', [1]);
    rig.want('b', [1]);
    assert.equal(rig.running, 'a');
    rig.fetcher.disconnected('a');
    assert.equal(rig.running, 'a,b');
    await rig.of('b').end({}, true);
    assert.equal(rig.stored, 1);
  });
});

describe('the result of a request', () => {
  it('leads to a retry of the unanswered ids, the one it ended at last', async (t) => {
    const rig = await FetcherRig.open(t, { batchItems: 3, requestsPerPeer: 1 });
    rig.fetcher.connected('a');
    const ids = rig.want('a', [1, 2, 3]);
    assert.equal(rig.wanted.claimed, 3);
    await rig.of('a').end({ outcome: 'stalled', endedAt: ids[0]! });
    assert.equal(rig.wanted.claimed, 0, 'the claims are given back');
    await rig.clock.advance(1_000);
    const order = [];
    while (rig.asked.length > 0) {
      order.push(...rig.of('a').request.ids.map(bytesToHex));
      await rig.of('a').end({}, true);
    }
    assert.equal(order.at(-1), bytesToHex(ids[0]!));
  });

  it('refuses an item above our limits where no other peer has it, and logs it once', async (t) => {
    const rig = await FetcherRig.open(t, ONE);
    for (const peer of ['a', 'b']) rig.fetcher.connected(peer);
    const [id] = rig.want('a', [1]);
    rig.want('b', [1]);
    await rig.of('a').end({ tooLarge: [id!] });
    assert.deepEqual([rig.wanted.size, rig.fetcher.refused.size], [1, 1]);
    assert.equal(rig.warnings('refused').length, 0, 'b has it too');
    await rig.of('b').end({ tooLarge: [id!] });
    assert.deepEqual([rig.wanted.size, rig.fetcher.refused.size], [0, 1]);
    assert.equal(rig.warnings('refused').length, 1);
    assert.deepEqual(rig.counted, ['ITEM_TOO_LARGE', 'ITEM_TOO_LARGE'], 'once for each peer');
    await rig.replica.put([itemOf(1)]);
    assert.equal(rig.fetcher.refused.size, 0, 'it came all the same');
    assert.equal(rig.fetcher.refused.witnesses(id!).length > 0, false);
    assert.equal(rig.warnings('wrong length').length, 2, 'both have lied');
  });

  it('rests the peer for a wrong listing, and again for the next one', async (t) => {
    const rig = await FetcherRig.open(t, ONE);
    rig.fetcher.connected('a');
    for (const ms of [1_000, 2_000]) {
      const ids = rig.want('a', [1, 2]);
      await rig.of('a').end({ absent: [ids[0]!] });
      assert.equal(rig.running, '', 'it rests');
      await rig.clock.advance(ms);
      await rig.of('a').end({ absent: [ids[1]!] });
      assert.equal(rig.wanted.size, 0);
      rig.fetcher.listed('a');
      rig.want('a', [3]);
      assert.equal(rig.running, 'a', 'one rest for a listing');
      await rig.of('a').end({ absent: rig.of('a').request.ids });
      await rig.clock.advance(60_000);
      rig.fetcher.listed('a');
      rig.want('a', [4]);
      await rig.of('a').end({}, true);
      await rig.clock.advance(0);
    }
    rig.fetcher.listed('never met');
  });

  it('causes no rest where another peer listed the absent ids', async (t) => {
    const rig = await FetcherRig.open(t, ONE);
    rig.fetcher.connected('m');
    rig.wanted.mirror('m', 'a');
    const ids = rig.want('a', [1, 2]);
    await rig.of('m').end({ absent: [ids[0]!] });
    assert.equal(rig.running, 'm');
  });

  it('leaves an item with wrong bytes to others, and retries the rest', async (t) => {
    const rig = await FetcherRig.open(t, { batchItems: 2, requestsPerPeer: 1 });
    rig.fetcher.connected('a');
    const ids = rig.want('a', [1, 2]);
    await rig.of('a').end({ outcome: 'invalid', endedAt: ids[0]! });
    assert.deepEqual(rig.wanted.sources(ids[0]!), []);
    assert.equal(rig.wanted.has(ids[0]!), true);
    assert.deepEqual(rig.wanted.sources(ids[1]!), ['a']);
    const [line] = rig.warnings('peer failed');
    assert.deepEqual([line!.outcome, line!.disbelieved, line!.restMs], ['invalid', false, 1_000]);
  });

  it('distrusts a peer that breaks the protocol, and ends its other requests', async (t) => {
    const rig = await FetcherRig.open(t, { batchItems: 1, requestsPerPeer: 2 });
    rig.fetcher.connected('a');
    rig.want('a', [1, 2, 3]);
    const [first, second] = rig.asked;
    await first!.end({ outcome: 'invalid' });
    assert.deepEqual(rig.disbelieved, ['a']);
    assert.equal(second!.request.signal!.aborted, true);
    assert.deepEqual([rig.wanted.orphans, rig.wanted.listed('a')], [3, 0]);
    await second!.end({ outcome: 'invalid' });
    assert.deepEqual(rig.disbelieved, ['a'], 'a request that was called off is not judged');
  });

  it('drops the invented ids of a distrusted peer', async (t) => {
    const rig = await FetcherRig.open(t, { batchItems: 128, requestsPerPeer: 1 });
    rig.fetcher.connected('a');
    rig.wanted.add('a', idsOf(600));
    rig.fetcher.pump();
    for (let i = 0; i < 40 && rig.disbelieved.length === 0; i++) {
      while (rig.asked.length > 0) await rig.of('a').end({ absent: rig.of('a').request.ids });
      await rig.clock.advance(1_000);
    }
    assert.deepEqual(rig.disbelieved, ['a']);
    assert.equal(rig.wanted.size, 0);
  });

  it('blames our own store where no item can be stored, and not the peer', async (t) => {
    const rig = await FetcherRig.open(
      t,
      { batchItems: 2, requestsPerPeer: 1 },
      3 + 2 * ITEM_OVERHEAD_BYTES,
    );
    rig.fetcher.connected('a');
    rig.want('a', [1, 2]);
    rig.want('a', [3], 2);
    await rig.of('a').end({}, true);
    const failed = rig.of('a').request;
    await assert.rejects(async () => {
      await failed.onItems(rig.items(failed.ids));
      await rig.clock.advance(0);
      await failed.onItems(rig.items(failed.ids));
    });
    await rig.of('a').end({ outcome: 'failed', items: 0 });
    assert.equal(rig.fetcher.paused?.code, 'SET_FULL');
    assert.equal(rig.warnings('peer failed').length, 0);
    assert.equal(rig.warnings('fetched item not stored').length, 1);
    assert.equal(rig.wanted.size, 1, 'it is wanted as before');
    assert.equal(rig.running, '');
  });
});

describe('the number of ids that a peer may list', () => {
  it('is zero while it rests without a delivery, then 1,024 including its listed ids', async (t) => {
    const rig = await FetcherRig.open(t, { ...ONE, backoffBaseMs: 10, backoffMaxMs: 10 });
    rig.fetcher.connected('a');
    assert.equal(rig.fetcher.room('a'), Number.POSITIVE_INFINITY);
    assert.equal(rig.fetcher.room('never met'), Number.POSITIVE_INFINITY);
    rig.want('a', [1]);
    for (let times = 1; times <= 8; times++) {
      assert.equal(rig.fetcher.room('a'), Number.POSITIVE_INFINITY, `${times - 1} in vain`);
      await rig.of('a').end({ outcome: 'stalled' });
      if (times < 8) await rig.clock.advance(10);
    }
    assert.equal(rig.fetcher.room('a'), 0);
    await rig.clock.advance(10);
    assert.equal(rig.fetcher.room('a'), 1_024);
    rig.wanted.add('a', idsOf(1_023));
    assert.equal(rig.fetcher.room('a'), 1);
    rig.wanted.add('a', [idOf(5_000), idOf(5_001)]);
    assert.equal(rig.fetcher.room('a'), 0);
  });
});
