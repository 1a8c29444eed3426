import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ITEM_OVERHEAD_BYTES } from '../../../src/store/index.ts';
import { ReplicatorRig } from './replicator-support.ts';
import { idOf, itemOf, soon } from './support.ts';

describe('items that come in a session', () => {
  it('are stored as items of the peer, and neither wanted nor asked for', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p', 'q');
    const taken = rig.replicator.items('p', [itemOf(1), itemOf(2)]);
    rig.replicator.missing('q', [itemOf(1).id, itemOf(3).id]);
    const asked = rig.asked.flatMap(({ request }) => request.ids);
    assert.deepEqual(asked, [itemOf(3).id], 'an item on its way is not asked for');
    await soon(taken, 'they are on disk');
    await rig.after(1);
    for (const number of [1, 2]) {
      const { source } = (await rig.replica.arrivalOf(itemOf(number).id))!;
      assert.match(JSON.stringify(source), /p/);
      assert.ok(rig.replicator.fetcher.delivered('p'));
    }
    assert.equal(rig.replicator.wanted.has(itemOf(1).id), false);
  });

  it('are no more wanted where another peer had listed them', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p', 'q');
    rig.replicator.missing('q', [itemOf(1).id]);
    assert.ok(rig.replicator.wanted.has(itemOf(1).id));
    await rig.replicator.items('p', [itemOf(1)]);
    assert.equal(rig.replicator.wanted.has(itemOf(1).id), false);
    await rig.after(1);
    await rig.replicator.items('p', [itemOf(1)]);
  });

  it('stay wanted of others where they are refused of this peer', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.checks.push({
      refusalOf: (_key, { peer }) =>
        peer === 'p' ? { code: 'POLICY_REFUSED', message: 'no', lasting: 'peer' } : null,
    });
    rig.start();
    await rig.connect('p', 'q');
    const { id } = itemOf(1);
    rig.replicator.missing('q', [id]);
    await rig.replicator.items('p', [itemOf(1)]);
    await rig.after(1);
    assert.deepEqual(rig.replicator.wanted.sources(id), ['q']);
    assert.deepEqual(
      [rig.replicator.refuses('p', id), rig.replicator.refuses('q', id)],
      [true, false],
    );
  });

  it('are wanted once the store has not taken them', async (t) => {
    const limits = { maxSetBytes: 1 + ITEM_OVERHEAD_BYTES };
    const rig = await ReplicatorRig.open(t, {}, { limits });
    rig.start();
    await rig.connect('p');
    await rig.replicator.items('p', [itemOf(1), itemOf(2)]);
    await rig.after(1);
    const held = [1, 2].filter((number) => rig.replica.contains(itemOf(number).id));
    const wanted = [1, 2].filter((number) => rig.replicator.wanted.has(itemOf(number).id));
    assert.deepEqual([...held, ...wanted].sort(), [1, 2]);
    assert.equal(held.length, 1);
  });

  it('stay wanted of others that listed them, once the store has not taken them and the peer is gone', async (t) => {
    const rig = await ReplicatorRig.open(t, {}, { limits: { maxSetBytes: 1 } });
    rig.start();
    await rig.connect('p', 'q');
    const { id } = itemOf(1);
    rig.replicator.missing('q', [id]);
    const taken = rig.replicator.items('p', [itemOf(1)]);
    rig.replicator.peerDisconnected('p');
    await taken;
    await rig.after(1);
    assert.equal(rig.replica.contains(id), false);
    assert.deepEqual(rig.replicator.wanted.sources(id), ['q']);
  });

  it('have the session wait while as many bytes wait for their commit as may, and may not come of others', async (t) => {
    const rig = await ReplicatorRig.open(t, { windowBytes: 200 });
    rig.start();
    await rig.connect('p', 'q');
    const { putVerified } = rig.replica;
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.replica.putVerified = async (...put) => {
      await promise;
      return putVerified.apply(rig.replica, put);
    };
    assert.equal(rig.replicator.takesItems('q'), true);
    await rig.replicator.items('p', [itemOf(1)]);
    assert.equal(rig.replicator.takesItems('q'), false, 'it would bring the item again');
    let over = false;
    const second = rig.replicator.items('p', [itemOf(2)]).then(() => {
      over = true;
    });
    await rig.after(1_000);
    assert.equal(over, false);
    resolve();
    await soon(second, 'there is room again');
    await rig.after(1);
    assert.equal(rig.replicator.takesItems('q'), true);
  });

  it('may not come while others are fetched, nor of a peer that is over its rate', async (t) => {
    const rig = await ReplicatorRig.open(t, { peerBytesPerSecond: 1_000 });
    rig.start();
    assert.equal(rig.replicator.takesItems('p'), false, 'it is not connected');
    await rig.connect('p', 'q');
    assert.equal(rig.replicator.takesItems('p'), true);
    await rig.replicator.items('p', [itemOf(1, 2_000)]);
    await rig.after(1);
    assert.equal(rig.replicator.takesItems('p'), false);
    assert.equal(rig.replicator.takesItems('q'), true);
    rig.replicator.missing('q', [idOf(9)]);
    assert.equal(rig.asked.length, 1);
    assert.equal(rig.replicator.takesItems('q'), false);
  });
});
