import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReplicatorRig, SETTLE_MS, SILENCE_MS } from './replicator-support.ts';
import { itemOf } from './support.ts';

describe('an item that an operator refuses', () => {
  it('is not wanted any more, and not again when a peer lists it', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p');
    const { replicator } = rig;
    const ids = [itemOf(1).id, itemOf(2).id];
    replicator.missing('p', ids);
    assert.equal(replicator.wanted.size, 2);
    const refused = await replicator.operatorRefusals.refuse([ids[0]!], 'spam');
    assert.deepEqual(refused, { added: 1, dropped: 0 });
    assert.equal(replicator.wanted.size, 1);
    assert.equal(replicator.refuses('p', ids[0]!), true);
    assert.equal(replicator.refuses('p', ids[1]!), false);
    replicator.missing('p', ids);
    assert.equal(replicator.wanted.has(ids[0]!), false);
  });

  it('tells peers by a session where it was held', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p');
    await rig.replica.put([itemOf(1)]);
    await rig.after(10 * SILENCE_MS);
    await rig.replicator.operatorRefusals.refuse([itemOf(1).id], '');
    assert.deepEqual(await rig.after(SETTLE_MS), ['p whole']);
  });

  it('is looked for at all peers once it is let in again, and not where it was not refused', async (t) => {
    const rig = await ReplicatorRig.open(t);
    rig.start();
    await rig.connect('p');
    const { operatorRefusals } = rig.replicator;
    const { id } = itemOf(1);
    await operatorRefusals.refuse([id], '');
    // It was on its way when it was refused.
    rig.replicator.fetcher.guarded.add('p', id);
    await rig.after(10 * SILENCE_MS);
    assert.equal(await operatorRefusals.letIn([itemOf(2).id]), 0);
    assert.deepEqual(await rig.after(10 * SILENCE_MS), []);
    assert.equal(await operatorRefusals.letIn([id]), 1);
    assert.equal(rig.replicator.peers.inSync('p'), false);
    assert.deepEqual(await rig.after(2 * SETTLE_MS), ['p whole']);
    rig.replicator.missing('p', [id]);
    assert.equal(rig.replicator.wanted.has(id), true);
  });
});
