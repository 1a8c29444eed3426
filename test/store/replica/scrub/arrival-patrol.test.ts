import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database } from '../../../../src/store/index.ts';
import { encodeHead, placeIn } from '../../../../src/store/replica/records/index.ts';
import { ArrivalPatrol } from '../../../../src/store/replica/scrub/testing.ts';
import { add, numberedItem, numberedItems, openCommitter } from '../committer-support.ts';
import { coded } from '../support.ts';

/** A set of 1,300 items in three commits, and a patrol at the beginning of its order of arrival. */
async function open(t: TestContext) {
  const { committer, keys, database } = await openCommitter(t);
  for (const [from, count] of [
    [0, 1],
    [1, 1_200],
    [1_201, 99],
  ] as const)
    await add(committer, numberedItems(from, count));
  const patrol = new ArrivalPatrol({ keys, committer });
  const step = (places: number): Promise<void> =>
    patrol.step(database, committer.lifecycle.use(), places);
  return { committer, keys, database, step };
}

async function placeOf(database: Database, key: Uint8Array): Promise<number> {
  return placeIn(new Uint8Array((await database.get(key))!));
}

describe('the patrol of the order of arrival', () => {
  it('goes on where it was, round and round, and finds a record that is missing', async (t) => {
    const { committer, keys, database, step } = await open(t);
    for (let round = 0; round < 2; round++) for (let i = 0; i < 4; i++) await step(512);
    const { order } = committer.lifecycle.state;
    await database.del(keys.arrivals(order, 1_202));
    await assert.rejects(async () => {
      for (let i = 0; i < 4; i++) await step(512);
    }, coded('STORE_CORRUPT'));
  });

  it('finds an entry of an item that is neither held nor in quarantine', async (t) => {
    const { keys, database, step } = await open(t);
    const { id } = numberedItem(5);
    await database.del(keys.id(id));
    await database.put(keys.quarantine(id), new Uint8Array(1));
    await step(100);
    await database.del(keys.quarantine(id));
    await assert.rejects(async () => {
      for (let i = 0; i < 5; i++) await step(512);
    }, /place 6 of the order/);
  });

  it('writes the place into an id record that lacks it, or names another', async (t) => {
    const { keys, database, step } = await open(t);
    const [five, six] = [5, 6].map((number) => keys.id(numberedItem(number).id));
    await database.put(five!, encodeHead({ hint: 5n, bytes: 0 }));
    await database.put(six!, encodeHead({ hint: 6n, bytes: 0, seq: 900 }));
    await step(100);
    assert.deepEqual([await placeOf(database, five!), await placeOf(database, six!)], [6, 7]);
  });
});
