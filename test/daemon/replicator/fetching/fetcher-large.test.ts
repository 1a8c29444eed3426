import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ITEM_BYTES } from '../../../../src/daemon/replicator/fetching/testing.ts';
import { settle } from '../../../support/clock.ts';
import { FAILED, itemOf } from '../support.ts';
import { FetcherRig } from './fetcher-support.ts';

const LARGE = { maxSmallBytes: 100, largeQuietMs: 100, batchItems: 1, requestsPerPeer: 1 };

/** The peer lists large items, and says so. */
function wantLarge(rig: FetcherRig, peer: string, numbers: readonly number[], says = 200) {
  const ids = rig.want(peer, numbers, 200);
  for (const id of ids) rig.wanted.enlarge(id, { peer, bytes: says });
  return ids;
}

describe('the large items of a fetcher', () => {
  it('follow each other, and wait after a small one from any source', async (t) => {
    const rig = await FetcherRig.open(t, { ...LARGE, requestBytes: 200 });
    wantLarge(rig, 'a', [1, 2, 3]);
    rig.fetcher.connected('a');
    await rig.of('a').end({}, true);
    assert.equal(rig.running, 'a', 'a large one puts off no other');
    for (const number of [8, 9]) {
      await rig.replica.put([itemOf(number)]);
      await rig.of('a').end({}, true);
      assert.equal(rig.running, '', 'a small one came');
      await rig.clock.advance(99);
      assert.equal(rig.running, '');
      await rig.clock.advance(1);
      if (number === 8) assert.equal(rig.running, 'a');
    }
    assert.equal(rig.stored, 5);
  });

  it('are no longer known as large where they arrived and could not be stored', async (t) => {
    const rig = await FetcherRig.open(t, { ...LARGE, requestBytes: 200 });
    wantLarge(rig, 'a', [1, 2]);
    rig.fetcher.connected('a');
    const { putVerified } = rig.replica;
    rig.replica.putVerified = async () => {
      throw new Error('no disk');
    };
    await rig.of('a').end({}, true);
    rig.replica.putVerified = putVerified;
    assert.equal(rig.fetcher.paused?.code, 'INTERNAL');
    await rig.clock.advance(999);
    await rig.replica.put([itemOf(1, 200)]);
    await rig.clock.advance(1);
    assert.equal(rig.running, '', 'a large item waits for items put here');
    await rig.clock.advance(1_000);
    assert.equal(rig.running, 'a');
    await rig.of('a').end({}, true);
  });

  it('wait after a small one that arrived during the write of a large one', async (t) => {
    const rig = await FetcherRig.open(t, { ...LARGE, requestBytes: 200 });
    wantLarge(rig, 'a', [1, 2]);
    rig.fetcher.connected('a');
    const disk = Promise.withResolvers<void>();
    const { putVerified } = rig.replica;
    rig.replica.putVerified = (items) =>
      disk.promise.then(() => putVerified.call(rig.replica, items));
    const ended = rig.of('a').end({}, true);
    await settle();
    await rig.replica.put([itemOf(8)]);
    disk.resolve();
    await ended;
    await rig.clock.advance(99);
    assert.equal(rig.running, '', 'a small one came');
    await rig.clock.advance(1);
    assert.equal(rig.running, 'a');
    await rig.of('a').end({}, true);
  });

  it('do not count as small ones where consecutive requests deliver them', async (t) => {
    const rig = await FetcherRig.open(t, { ...LARGE, requestBytes: 200 });
    wantLarge(rig, 'a', [1, 2]);
    rig.fetcher.connected('a');
    const [asked] = rig.asked;
    await asked!.end({ outcome: 'failed', error: FAILED });
    await rig.replica.put([itemOf(1, 200)]);
    await rig.clock.advance(1_000);
    assert.equal(rig.running, 'a');
    await rig.of('a').end({}, true);
    assert.equal(rig.stored, 2);
  });

  it('lead to a rest of a peer that stated a wrong length, in any direction', async (t) => {
    const rig = await FetcherRig.open(t, LARGE);
    rig.fetcher.connected('a');
    for (const [number, says, lies] of [
      [1, 200, 0],
      [2, 199, 1],
      [3, 201, 2],
      [4, 200, 2],
    ] as const) {
      wantLarge(rig, 'a', [number], says);
      rig.fetcher.pump();
      const known = await rig.clock.advance(100_000).then(() => rig.of('a'));
      await known.end({}, true);
      assert.equal(rig.warnings('wrong length').length, lies, `item ${number}`);
    }
    assert.deepEqual(rig.disbelieved, []);
    wantLarge(rig, 'a', [5], 300);
    rig.fetcher.pump();
    await rig.clock.advance(100_000);
    await rig.of('a').end({}, true);
    assert.deepEqual(rig.disbelieved, ['a'], 'the third time');
    const [line] = rig.warnings('wrong length').slice(-1);
    assert.deepEqual([line!.peer, line!.disbelieved], ['a', true]);
  });

  it('arrive also where the author of a wrong length was never connected', async (t) => {
    const rig = await FetcherRig.open(t, LARGE);
    rig.fetcher.connected('a');
    for (const number of [1, 2, 3, 4]) {
      const [id] = rig.want('a', [number], 200);
      await rig.of('a').end({ large: [{ id: id!, length: 200 }] });
      rig.wanted.enlarge(id!, { peer: 'stranger', bytes: 300 });
      await rig.clock.advance(1_000);
      await rig.of('a').end({}, true);
      assert.equal(rig.stored, number);
    }
    assert.deepEqual(rig.disbelieved, []);
  });

  it('that a liar calls large count as items that it lacks', async (t) => {
    const rig = await FetcherRig.open(t, LARGE);
    rig.fetcher.connected('a');
    for (const number of [1, 2, 3]) {
      wantLarge(rig, 'a', [number], 300);
      rig.fetcher.pump();
      await rig.clock.advance(100_000);
      await rig.of('a').end({}, true);
    }
    await rig.clock.advance(100_000);
    const [id] = rig.want('a', [4]);
    await rig.of('a').end({ large: [{ id: id!, length: 300 }] });
    assert.equal(rig.wanted.has(id!), false);
  });
});

describe('the window of items that wait for the disk', () => {
  it('slows peers down once it is full, small and large items apart', async (t) => {
    const rig = await FetcherRig.open(t, {
      ...LARGE,
      largeQuietMs: 0,
      windowBytes: 10 + ITEM_BYTES,
    });
    const disk = Promise.withResolvers<void>();
    const { putVerified } = rig.replica;
    rig.replica.putVerified = (items) =>
      disk.promise.then(() => putVerified.call(rig.replica, items));
    for (const peer of ['a', 'b', 'l']) rig.fetcher.connected(peer);
    rig.want('a', [1], 10);
    rig.want('b', [2], 1);
    wantLarge(rig, 'l', [3]);
    rig.fetcher.pump();
    const take = (peer: string): (() => boolean) => {
      let taken = false;
      const { request } = rig.of(peer);
      void Promise.resolve(request.onItems(rig.items(request.ids))).then(() => {
        taken = true;
      });
      return () => taken;
    };
    const first = take('a');
    await settle();
    assert.equal(first(), true, 'at the bound');
    const second = take('b');
    await settle();
    assert.equal(second(), false, 'one byte past it');
    disk.resolve();
    await rig.clock.advance(0);
    assert.equal(second(), true);
    for (const peer of ['a', 'b', 'l']) await rig.of(peer).end({ items: 1 });
  });
});
