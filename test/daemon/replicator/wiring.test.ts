import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, ITEM_OVERHEAD_BYTES } from '../../../src/store/index.ts';
import { ReplicatorRig, SETTLE_MS, SILENCE_MS } from './replicator-support.ts';
import { at, FAILED, findingOf, idOf, itemOf } from './support.ts';

const PUBLISHED = { publisher: 'p', from: 'q' };

describe('a replicator whose set changes', () => {
  it('informs its peers by sessions, and those in sync by none', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p', 'q');
    for (const number of [1, 2]) {
      await rig.replica.put([itemOf(number)]);
      assert.deepEqual(await rig.after(SETTLE_MS - 1), []);
      assert.equal((await rig.after(1)).length, 2);
      assert.deepEqual(await rig.after(10 * SILENCE_MS), [], 'they are in sync');
    }
  });

  it('leaves own items to push where that reaches the peer, and runs a session after silence', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    rig.reached.add('p');
    await rig.connect('p', 'q');
    for (const number of [1, 2]) {
      await rig.replicator.ownItems.put([itemOf(number)]);
      assert.deepEqual(await rig.after(SILENCE_MS - 1), ['q whole']);
      assert.deepEqual(await rig.after(SILENCE_MS), ['p whole']);
    }
    rig.announces = 0;
    await rig.replicator.ownItems.put([itemOf(3)]);
    assert.equal((await rig.after(SETTLE_MS)).length, 2, 'it was not announced');
  });

  it('does not count a peer as covered that connected during a put', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    rig.reached.add('p');
    await rig.connect('p');
    const put = rig.replicator.ownItems.put([itemOf(1)]);
    rig.replicator.peerConnected('q');
    await put;
    assert.ok((await rig.after(SETTLE_MS)).some((session) => session.startsWith('p ')));
  });

  it('reports stored items from every source to the announce service', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.replica.put([itemOf(1)]);
    rig.replicator.push.items([itemOf(2)], PUBLISHED);
    await rig.after(10);
    assert.deepEqual(
      rig.stored.map(({ id }) => id),
      [itemOf(1).id, itemOf(2).id],
    );
  });

  it('counts items pushed by others as covered', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    rig.reached.add('p');
    await rig.connect('p');
    rig.replicator.push.items([itemOf(1)], PUBLISHED);
    assert.deepEqual(await rig.after(SILENCE_MS - 1), []);
    rig.replicator.push.passedOn([]);
    await rig.replica.put([itemOf(2)]);
    rig.replicator.push.passedOn([itemOf(2)]);
    assert.deepEqual(await rig.after(SILENCE_MS - 1), []);
    assert.equal((await rig.after(1)).length, 1);
  });

  it('has sessions when an item that was announced could not be put', async (t) => {
    const rig = await ReplicatorRig.open(
      t,
      {},
      { limits: { maxSetBytes: 5 + 2 * ITEM_OVERHEAD_BYTES } },
    );
    rig.start();
    await rig.connect('p');
    await rig.replica.put([itemOf(1)]);
    await rig.after(10 * SILENCE_MS);
    assert.equal(rig.replicator.peers.inSync('p'), true);
    const { put } = rig.replica;
    rig.replica.put = async (items, init) => {
      init?.queued?.(items.map(() => itemOf(9)));
      throw new Error('no disk');
    };
    await assert.rejects(rig.replicator.ownItems.put([itemOf(9)]));
    rig.replica.put = put;
    assert.equal(rig.replicator.peers.inSync('p'), false, 'it may be ahead of us');
    assert.deepEqual(await rig.after(SETTLE_MS), ['p whole']);
  });

  it('has sessions when an item turns out damaged', async (t) => {
    const rig = await ReplicatorRig.open(t);
    let damaged: (() => void) | undefined;
    rig.replica.onDamaged = (listener) => {
      damaged = () => listener(itemOf(1));
      return () => {
        damaged = undefined;
      };
    };
    rig.start();
    await rig.connect('p');
    rig.replicator.differs('p');
    damaged!();
    assert.deepEqual(await rig.after(SETTLE_MS), ['p whole']);
    await rig.stop();
    assert.equal(damaged, undefined, 'it listens no more');
  });
});

describe('a replicator of an idle set', () => {
  it('is late with the proof of a peer whose item a session found and no request brings', async (t) => {
    const rig = await ReplicatorRig.open(t, { proveMs: 1_000 });
    rig.start();
    await rig.connect('p');
    const { proofs } = rig.replicator;
    await rig.after(10_000);
    assert.equal(proofs.late('p'), false, 'nothing has changed');
    rig.shows = () => ({ error: FAILED });
    rig.replicator.missing('p', [idOf(1)]);
    await rig.after(2_000);
    assert.equal(proofs.late('p'), false);
    await rig.after(1);
    assert.equal(proofs.late('p'), true);
  });
});

describe('a replicator while things are fetched', () => {
  it('delays sessions as long as items arrive, and five seconds more', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    rig.shows = () => ({ equal: false });
    await rig.connect('p');
    rig.replicator.missing(
      'p',
      [1, 2, 3].map((number) => itemOf(number).id),
    );
    assert.equal(rig.asked.length, 1);
    assert.equal(rig.replicator.busyWith('p'), true);
    for (const number of [1, 2]) {
      await rig.replica.put([itemOf(number)]);
      assert.deepEqual(await rig.after(4_900), [], `item ${number} came`);
    }
    await rig.replica.put([itemOf(8)]);
    const sessions = await rig.after(1_000);
    assert.deepEqual(
      sessions.slice(0, 1),
      ['p whole'],
      'an id that no request waits for does not count',
    );
  });

  it('does not delay sessions where no item is fetched', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p');
    assert.equal(rig.replicator.busyWith('p'), false);
    rig.runs.add('p');
    assert.equal(rig.replicator.busyWith('p'), true);
    assert.equal(rig.replicator.busyWith('never met'), false);
  });

  it('wants ids that are not held, on their way, or refused', async (t) => {
    const rig = await ReplicatorRig.open(t, { batchItems: 1 });
    rig.start();
    const [held, arriving, refused, missing] = [1, 2, 3, 4].map((number) => itemOf(number));
    await rig.replica.put([held!]);
    await rig.connect('p');
    rig.replicator.missing('p', [refused!.id]);
    rig.asked[0]!.end({ tooLarge: [refused!.id] });
    await rig.after(10);
    assert.deepEqual([rig.replicator.fetcher.refused.size, rig.replicator.wanted.size], [1, 0]);
    assert.equal(rig.replicator.fetcher.refused.hasFrom('p', refused!.id), true);
    assert.deepEqual(rig.replicator.whys.of(refused!.id), { state: 'refused', peers: ['p'] });
    const begin = bytesToHex(refused!.id).slice(0, 8);
    assert.deepEqual(rig.replicator.whys.missingWith(begin, 2), [refused!.id]);
    rig.replicator.push.items([arriving!], PUBLISHED);
    const all = [held!, arriving!, refused!, missing!].map(({ id }) => id);
    for (const _ of [1, 2]) rig.replicator.missing('p', all);
    assert.equal(rig.replicator.wanted.size, 1);
    assert.equal(rig.replicator.whys.of(missing!.id).state, 'wanted');
    assert.equal(rig.replicator.whys.of(held!.id).state, 'unknown');
    rig.replicator.peerDisconnected('p');
    const { orphans, lost } = rig.replicator.wanted;
    assert.deepEqual({ now: orphans, lost }, { now: 1, lost: 0 });
    assert.equal(rig.replicator.fetcher.refused.held, 0, 'at no connected peer');
    assert.deepEqual(
      [1, 2].map(() => rig.replicator.forget('p')),
      [true, false],
    );
    assert.equal(rig.replicator.whys.of(refused!.id).state, 'unknown');
  });

  it('finds the ids that were wanted for too long, unless they came after all', async (t) => {
    const rig = await ReplicatorRig.open(t, { expireAfterMs: 1_000 });
    rig.start();
    const item = itemOf(1);
    await rig.connect('p');
    rig.replicator.missing('p', [item.id]);
    rig.replicator.peerDisconnected('p');
    await rig.after(3_600_000);
    assert.equal(rig.replicator.whys.of(item.id).state, 'expired');
    assert.deepEqual(rig.replicator.whys.missingWith('', 2), [item.id]);
    await rig.replica.put([item]);
    assert.deepEqual(rig.replicator.whys.missingWith('', 2), []);
  });

  it('says why fetching is paused, and accepts no keys then', async (t) => {
    const rig = await ReplicatorRig.open(
      t,
      {},
      { limits: { maxSetBytes: 3 + 2 * ITEM_OVERHEAD_BYTES } },
    );
    rig.start();
    await rig.connect('p');
    await rig.replica.put([itemOf(1)]);
    rig.replicator.missing('p', [itemOf(2, 3).id]);
    const { request, end } = rig.asked[0]!;
    void Promise.resolve(request.onItems([itemOf(2, 3)])).catch(() => undefined);
    await rig.after(0);
    end({ items: 1 });
    await rig.after(0);
    assert.equal(rig.replicator.fetcher.paused?.code, 'SET_FULL');
    assert.deepEqual(
      rig.replicator.push.keys([{ hint: 1n, id: idOf(1), length: 1 }], PUBLISHED),
      [],
    );
    assert.equal(rig.replicator.wanted.size, 1);
  });
});

describe('a replicator with a gap', () => {
  it('runs a session with the publisher where that is connected, else with the forwarder', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p', 'q');
    for (const _ of [1, 2]) {
      rig.replicator.push.gap(PUBLISHED as never);
      assert.deepEqual(await rig.after(SILENCE_MS), ['p whole']);
    }
    rig.replicator.peerDisconnected('p');
    rig.replicator.push.gap(PUBLISHED as never);
    assert.deepEqual(await rig.after(SILENCE_MS), ['q whole']);
  });

  it('runs a session again after one that was stale or had to stop, and after no other', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p');
    const { version } = rig.replica;
    for (const [change, again] of [
      [{ equal: false }, false],
      [{ equal: false, version: version - 1 }, true],
      [{ equal: false, version: version - 1, error: FAILED }, false],
      [{ equal: false, continueFrom: at(3), error: FAILED }, true],
      [{ equal: false, continueFrom: at(3), mode: 'survey' }, false],
    ] as const) {
      rig.shows = () => ({ equal: true });
      rig.ended(change);
      const sessions = await rig.after(10 * SILENCE_MS);
      assert.equal(sessions.length > 0, again, JSON.stringify(change.equal) + again);
    }
  });

  it('wants the ids that one peer lists until the sets are known to be equal', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p');
    assert.equal(rig.replicator.peers.inSync('p'), true);
    rig.replicator.missing('p', [idOf(1)]);
    assert.equal(rig.replicator.peers.inSync('p'), false);
    rig.ended({ equal: false, missing: 1, finding: findingOf({ theirs: 1 }) });
    assert.equal(rig.replicator.peers.all()[0]!.lastSession!.missing, 1);
  });
});

describe('a replicator whose index is being built', () => {
  it('runs no sessions and is in sync with no peer until it is built', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p');
    let indexed = true;
    Object.defineProperty(rig.replica, 'indexed', { get: () => indexed });
    const { ready } = rig.replica;
    rig.replica.ready = async () => {
      if (!indexed) throw new Error('not yet');
    };
    for (const _ of [1, 2]) {
      assert.equal(rig.replicator.peers.inSync('p'), true);
      indexed = false;
      assert.equal(rig.replicator.peers.inSync('p'), false);
      rig.replicator.push.gap({ publisher: 'p', from: 'p' } as never);
      assert.deepEqual(await rig.after(5_000), []);
      indexed = true;
      assert.deepEqual(await rig.after(5_000), ['p whole']);
    }
    rig.ended({ equal: false, error: { code: 'STORE_REBUILDING', message: 'no index' } });
    assert.deepEqual(await rig.after(SILENCE_MS), ['p whole'], 'our own store had ended it');
    rig.ended({ equal: false, error: FAILED });
    assert.deepEqual(await rig.after(5_000), []);
    rig.replica.ready = ready;
  });
});
