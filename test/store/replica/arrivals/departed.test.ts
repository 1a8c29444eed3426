import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database } from '../../../../src/store/index.ts';
import {
  decodeState,
  encodeState,
  type SetState,
  setKeys,
} from '../../../../src/store/replica/records/index.ts';
import { ArrivalPatrol } from '../../../../src/store/replica/scrub/testing.ts';
import { add, numberedItem, numberedItems, openCommitter } from '../committer-support.ts';
import { idOf } from '../in-memory.ts';
import { tamper } from '../on-disk.ts';
import { items, openReplica, temporaryDirectory } from '../support.ts';
import { hintsOf } from './support.ts';

const KEYS = setKeys('set');

/** Items with the hints 0 to 9, each put by itself; then those below 3 go, and the index is unfinished. */
async function withoutThree(
  t: TestContext,
  change: (database: Database, order: bigint) => Promise<Partial<SetState>>,
) {
  const directory = await temporaryDirectory(t);
  const replica = await openReplica(t, directory);
  for (const one of items(10)) await replica.put([one]);
  const { epoch } = replica;
  await replica.close();
  await tamper(directory, async (database) => {
    for (const one of items(3)) {
      await database.del(KEYS.item({ hint: one.hint, id: idOf(one) }));
      await database.del(KEYS.id(idOf(one)));
    }
    const state = decodeState(new Uint8Array((await database.get(KEYS.state))!));
    const changed = { ...state, rebuilding: true, ...(await change(database, state.order)) };
    await database.put(KEYS.state, encodeState(changed));
  });
  const reopened = await openReplica(t, directory);
  await reopened.ready();
  return { replica: reopened, epoch };
}

describe('the order of arrival of a set that items have left for good', () => {
  it('keeps its epoch when the index is built again, and leaves out places below the floor', async (t) => {
    const { replica, epoch } = await withoutThree(t, async () => ({ floor: 3n, believedAt: 5 }));
    assert.equal(replica.epoch, epoch);
    const { entries, last } = await replica.arrivals(0, { limit: 4 });
    assert.deepEqual([hintsOf(entries), entries[0]?.seq, last], [[3, 4, 5, 6], 4, 10]);
    assert.equal((await replica.verify()).ok, true);
    const [next] = await replica.put([{ hint: 20n, payload: new Uint8Array(1) }]);
    assert.equal((await replica.arrivalOf(next!.id))?.seq, 11);
  });

  it('keeps it likewise where these items are kept out', async (t) => {
    const { replica, epoch } = await withoutThree(t, async (database) => {
      for (const one of items(3)) await database.put(KEYS.refused(idOf(one)), new Uint8Array(1));
      return {};
    });
    assert.equal(replica.epoch, epoch);
    assert.equal((await replica.verify()).ok, true);
  });

  it('begins a new epoch where nothing says why the items are gone, also of the item at the floor', async (t) => {
    for (const floor of [0n, 2n]) {
      const { replica, epoch } = await withoutThree(t, async () => ({ floor }));
      assert.notEqual(replica.epoch, epoch);
      assert.equal((await replica.verify()).ok, true);
    }
  });

  it('begins where its first record is', async (t) => {
    const { replica, epoch } = await withoutThree(t, async (database, order) => {
      for (const seq of [1, 2, 3]) await database.del(KEYS.arrivals(order, seq));
      return { floor: 3n, arrivalsBegin: 4 };
    });
    assert.equal(replica.epoch, epoch);
    for (const since of [0, 2, 3]) {
      const { entries } = await replica.arrivals(since, { limit: 2 });
      assert.deepEqual([hintsOf(entries), entries[0]?.seq], [[3, 4], 4]);
    }
    assert.equal((await replica.arrivalOf(idOf(items(4)[3]!)))?.seq, 4);
    assert.equal((await replica.verify()).ok, true);
  });
});

describe('the patrol of the order of arrival', () => {
  it('takes no offence at places of items that have left for good', async (t) => {
    const { committer, keys, database } = await openCommitter(t);
    await add(committer, numberedItems(0, 20));
    const [low, high] = [numberedItem(1), numberedItem(12)];
    for (const { id } of [low, high]) await database.del(keys.id(id));
    const patrol = new ArrivalPatrol({ keys, committer });
    const step = (floor: bigint): Promise<void> => {
      const set = committer.lifecycle.use();
      const state = { ...set.state, floor };
      return patrol.step(database, Object.create(set, { state: { value: state } }), 20);
    };
    await assert.rejects(step(1n), /place 2 of the order/);
    await assert.rejects(step(2n), /place 13 of the order/);
    await database.put(keys.refused(high.id), new Uint8Array(1));
    await step(2n);
  });
});
