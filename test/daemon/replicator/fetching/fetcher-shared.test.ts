import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ITEM_OVERHEAD_BYTES } from '../../../../src/store/index.ts';
import { itemOf } from '../support.ts';
import { FetcherRig } from './fetcher-support.ts';

const ONE = { batchItems: 1, requestsPerPeer: 1, stealAfterMs: 1_000 };

describe('a source that has stalled', () => {
  it('keeps its request where all others are at their limit', async (t) => {
    const rig = await FetcherRig.open(t, ONE);
    for (const peer of ['a', 'b']) rig.fetcher.connected(peer);
    rig.want('a', [1]);
    rig.want('b', [1, 2]);
    assert.equal(rig.running, 'a,b');
    await rig.clock.advance(20_000);
    const { request } = rig.of('a');
    assert.equal(request.signal!.aborted, false, 'no source is idle');
    await rig.of('b').end({}, true);
    await rig.clock.advance(250);
    assert.equal(request.signal!.aborted, true, 'b is idle');
    await rig.of('a').end({ outcome: 'failed', payloadBytes: 0 });
    assert.equal(rig.running, 'b');
    const [line] = rig.warnings('peer failed');
    assert.equal(line!.outcome, 'stalled');
    assert.deepEqual(rig.misdeeds, ['a STALLED']);
    await rig.of('b').end({}, true);
    assert.equal(rig.stored, 2);
  });

  it('is no stalled source where bytes came', async (t) => {
    const rig = await FetcherRig.open(t, ONE);
    for (const peer of ['a', 'b']) rig.fetcher.connected(peer);
    rig.want('a', [1]);
    rig.want('b', [1]);
    await rig.clock.advance(20_000);
    const { request } = rig.of('a');
    assert.equal(request.signal!.aborted, true, 'b is idle');
    await rig.of('a').end({ outcome: 'failed', payloadBytes: 1 });
    assert.deepEqual([rig.running, rig.misdeeds], ['b', []]);
  });
});

describe('a peer that brings too much', () => {
  it('is asked again after as long as that takes by its rate, without blame', async (t) => {
    const bytes = 10 + ITEM_OVERHEAD_BYTES;
    const rig = await FetcherRig.open(t, { ...ONE, peerBytesPerSecond: bytes });
    rig.fetcher.connected('a');
    rig.want('a', [1, 2, 3], 10);
    await rig.of('a').end({}, true);
    await rig.of('a').end({}, true);
    assert.equal(rig.running, '', 'a second more than its rate came');
    assert.deepEqual(rig.counted, ['PEER_RATE']);
    await rig.clock.advance(999);
    assert.equal(rig.running, '');
    await rig.clock.advance(1);
    assert.equal(rig.running, 'a');
    await rig.of('a').end({}, true);
    assert.equal(rig.stored, 3);
    assert.equal(rig.warnings('peer failed').length, 0);
    assert.deepEqual(rig.counted, ['PEER_RATE'], 'nothing is wanted of it any more');
  });

  it('is counted only where something is wanted of it', async (t) => {
    const rig = await FetcherRig.open(t, { ...ONE, peerBytesPerSecond: ITEM_OVERHEAD_BYTES });
    for (const peer of ['a', 'b']) rig.fetcher.connected(peer);
    rig.want('a', [1], 100);
    await rig.of('a').end({}, true);
    rig.want('b', [2, 3], 100);
    assert.deepEqual(rig.counted, []);
  });
});

describe('a set that is full', () => {
  it('tries one item with any peer that may deliver it, though others are asked first', async (t) => {
    const rig = await FetcherRig.open(t, ONE, 2_000);
    rig.fetcher.connected('idle');
    rig.fetcher.connected('a');
    await rig.replica.put([itemOf(9, 10)]);
    rig.want('a', [1], 2_000);
    for (const round of [1, 2, 3]) {
      assert.equal(rig.running, 'a', `in round ${round} nothing is tried`);
      await rig.of('a').end({}, true);
      assert.equal(rig.fetcher.paused?.code, 'SET_FULL');
      assert.equal(rig.running, '');
      // The set takes what is small.
      await rig.replica.put([itemOf(20 + round)]);
      await rig.clock.advance(10_000);
    }
  });

  it('tries a single item, though a peer lists many', async (t) => {
    const rig = await FetcherRig.open(t, { ...ONE, batchItems: 4 }, 2_000);
    for (const peer of ['idle', 'a']) rig.fetcher.connected(peer);
    await rig.replica.put([itemOf(9, 10)]);
    rig.want('a', [1, 2, 3], 2_000);
    assert.equal(rig.of('a').request.ids.length, 3);
    for (const round of [1, 2]) {
      await rig.of('a').end({}, true);
      await rig.replica.put([itemOf(20 + round)]);
      await rig.clock.advance(10_000);
      assert.equal(rig.of('a').request.ids.length, 1);
    }
  });
});
