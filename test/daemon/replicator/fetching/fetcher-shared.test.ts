import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
    await rig.of('a').end({ outcome: 'failed' });
    assert.equal(rig.running, 'b');
    const [line] = rig.warnings('peer failed');
    assert.equal(line!.outcome, 'stalled');
    await rig.of('b').end({}, true);
    assert.equal(rig.stored, 2);
  });
});

describe('a set that is full', () => {
  it('tries one item with any peer that may deliver it, though others are asked first', async (t) => {
    const rig = await FetcherRig.open(t, ONE, 20);
    rig.fetcher.connected('idle');
    rig.fetcher.connected('a');
    await rig.replica.put([itemOf(9, 10)]);
    rig.want('a', [1], 15);
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
    const rig = await FetcherRig.open(t, { ...ONE, batchItems: 4 }, 20);
    for (const peer of ['idle', 'a']) rig.fetcher.connected(peer);
    await rig.replica.put([itemOf(9, 10)]);
    rig.want('a', [1, 2, 3], 15);
    assert.equal(rig.of('a').request.ids.length, 3);
    for (const round of [1, 2]) {
      await rig.of('a').end({}, true);
      await rig.replica.put([itemOf(20 + round)]);
      await rig.clock.advance(10_000);
      assert.equal(rig.of('a').request.ids.length, 1);
    }
  });
});
