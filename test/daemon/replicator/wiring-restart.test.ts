import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReplicatorRig } from './replicator-support.ts';
import { at, EVERYTHING, findingOf, idOf, idsOf, itemOf } from './support.ts';

const PART = { lower: at(1), upper: at(2) };
const PUBLISHED = { publisher: 'p', from: 'q' };

describe('a replicator that starts and stops', () => {
  it('serves peers that were connected before its start, and asks nothing before it', async (t) => {
    const rig = await ReplicatorRig.open(t);
    const { replicator } = rig;
    replicator.peerConnected('p');
    replicator.missing('p', [idOf(1)]);
    assert.deepEqual(await replicator.sessions.sync(), []);
    assert.deepEqual(
      [
        replicator.fetcher.paused,
        replicator.fetcher.refused.size,
        replicator.sessions.catchUp,
        replicator.ownItems.totals,
      ],
      [null, 0, null, null],
    );
    assert.equal(replicator.fetcher.refused.hasFrom('p', idOf(1)), false);
    assert.equal(replicator.busyWith('p'), false);
    assert.equal(replicator.peers.firstRoundEnded, false);
    const outline = { count: 1e6, root: new Uint8Array(16), interval: EVERYTHING, whole: true };
    assert.equal(replicator.judge!('p', outline), true);
    assert.deepEqual(await rig.after(5_000), []);
    rig.start();
    assert.equal(rig.asked.length, 1);
    assert.deepEqual(await rig.after(5_000), ['p survey']);
    assert.equal(replicator.peers.firstRoundEnded, true);
    assert.equal(replicator.ownItems.totals?.gaps, 7);
  });

  it('ignores events once it is stopped, and hears all once it is started again', async (t) => {
    const rig = await ReplicatorRig.open(t);
    for (const number of [1, 2, 3]) {
      rig.start();
      await rig.connect('p');
      await rig.replica.put([itemOf(number)]);
      assert.equal(rig.stored.length, number);
      assert.notDeepEqual(await rig.after(5_000), []);
      await rig.stop();
      assert.equal(rig.clock.pending, 0);
      await rig.replica.put([itemOf(10 * number)]);
      assert.deepEqual(await rig.after(5_000), []);
      assert.equal(rig.stored.length, number, 'it listens no more');
    }
  });

  it('no longer waits for an index once it is stopped', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p');
    let asked = 0;
    Object.defineProperty(rig.replica, 'indexed', { get: () => false });
    rig.replica.ready = async () => {
      asked++;
      throw new Error('not yet');
    };
    rig.replicator.push.gap({ publisher: 'p', from: 'p' } as never);
    await rig.after(3_500);
    assert.equal(asked, 4);
    await rig.stop();
    assert.equal(rig.clock.pending, 0);
    await rig.after(10_000);
    assert.equal(asked, 4);
  });

  it('stores pushed items before it has stopped', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    rig.replicator.push.items([itemOf(1)], PUBLISHED);
    await rig.stop();
    assert.equal(rig.replica.status().items, 1);
  });
});

describe('the requested sessions of a replicator', () => {
  it('are with one peer, or with all that are connected', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p', 'q');
    rig.replicator.peerDisconnected('q');
    rig.replicator.peerConnected('r');
    assert.equal(rig.replicator.peers.firstRoundEnded, false);
    const reports = await rig.replicator.sessions.sync();
    assert.deepEqual(
      reports.map(({ peer }) => peer),
      ['p', 'r'],
    );
    assert.deepEqual((await rig.replicator.sessions.sync('q')).length, 1);
    assert.equal(rig.replicator.peers.firstRoundEnded, true);
  });

  it('lead to a catch-up with a peer far ahead, on whichever side they begin', async (t) => {
    const rig = await ReplicatorRig.open(t, { catchUpItems: 100 });
    rig.start();
    const outline = {
      root: new Uint8Array(16),
      interval: EVERYTHING,
      whole: true,
      mode: 'reconcile' as const,
    };
    const outlines = { ours: { ...outline, count: 0 }, theirs: { ...outline, count: 100 } };
    const survey = [{ ...EVERYTHING, ours: 0, theirs: 100, differs: true }];
    rig.shows = () => ({ equal: false });
    await rig.connect('p');
    assert.equal(rig.replicator.judge!('p', { ...outline, count: 99 }), true);
    rig.shows = () => ({ equal: false, outlines, survey });
    assert.equal(rig.replicator.judge!('p', { ...outline, count: 100 }), false);
    await rig.after(10);
    assert.equal(rig.replicator.sessions.catchUp?.missing, 100);
    rig.replicator.missing('p', idsOf(150));
    assert.equal(
      rig.replicator.sessions.catchUp?.missing,
      150,
      'it lists more than it said to have',
    );
    rig.ended({ equal: false, finding: findingOf({ theirs: 0, interval: PART }) });
    const covered = () => rig.replicator.statements.of('p').coversAsOf;
    assert.equal(covered(), null, 'no statement is made of a slice');
    rig.replicator.peerDisconnected('p');
    assert.equal(rig.replicator.sessions.catchUp, null, 'it ends with the last that takes part');
    rig.endSlices({ equal: false });
    await rig.after(0);
    rig.replicator.peerConnected('p');
    rig.ended({ finding: findingOf() });
    assert.notEqual(covered(), null, 'what slices showed is awaited for no statement');
  });
});
