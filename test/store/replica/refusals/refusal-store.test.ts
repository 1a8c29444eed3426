import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { itemId } from '../../../../src/store/index.ts';
import { RefusalStore } from '../../../../src/store/replica/refusals/index.ts';
import { openCommitter } from '../committer-support.ts';
import { coded } from '../support.ts';

function idOf(number: number): Uint8Array {
  return itemId(BigInt(number), new Uint8Array(0));
}

function ids(from: number, count: number) {
  return Array.from({ length: count }, (_, i) => ({ id: idOf(from + i) }));
}

function note(store: RefusalStore, ...numbers: number[]) {
  return store.note(
    numbers.map((number) => ({ id: idOf(number), hint: 1n, source: 'a', reason: 'long' })),
  );
}

async function opened(t: TestContext) {
  const { keys, clock, committer, database } = await openCommitter(t);
  const store = new RefusalStore({
    keys,
    clock,
    committer,
    changes: { dropped: () => undefined },
    written: async () => undefined,
    limits: { operator: 3, policy: 3 },
  });
  return { store, clock, database };
}

describe('the limit of refusals', () => {
  it('of operators refuses a call that would pass it, as a whole', async (t) => {
    const { store } = await opened(t);
    await store.add(ids(0, 2), '');
    await assert.rejects(store.add(ids(1, 3), ''), coded('TOO_MANY_REFUSED'));
    assert.equal(store.counts.operator, 2);
    await store.add(ids(1, 2), '');
    assert.equal(store.counts.operator, 3);
    await store.remove([idOf(0)]);
    await store.add(ids(9, 1), '');
    assert.equal(store.counts.operator, 3);
  });

  it('of operators counts items that were let in again and have not come back', async (t) => {
    const { store } = await opened(t);
    for (const number of [1, 2]) store.dropped.note(idOf(number), { seq: number, hint: 1n });
    await assert.rejects(store.add(ids(5, 2), ''), coded('TOO_MANY_REFUSED'));
    await store.add(ids(5, 1), '');
    await store.add(ids(1, 1), '');
    assert.equal(store.counts.operator, 2);
    store.returned(ids(2, 1));
    await store.add(ids(7, 1), '');
    await assert.rejects(store.add(ids(8, 1), ''), coded('TOO_MANY_REFUSED'));
  });

  it('of policies lets the oldest in again, also after loading', async (t) => {
    const { store, clock, database } = await opened(t);
    for (const number of [5, 1, 4]) {
      await note(store, number);
      await clock.advance(1_000);
    }
    await store.load(database);
    await note(store, 8, 9);
    const left = [5, 1, 4, 8, 9].filter((number) => store.hasFrom('a', idOf(number)));
    assert.deepEqual(left, [4, 8, 9]);
    assert.equal((await store.list({ limit: 10 })).length, 3);
  });
});
