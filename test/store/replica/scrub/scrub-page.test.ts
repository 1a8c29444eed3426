import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database, ItemKey, NewItem } from '../../../../src/store/index.ts';
import type { DurableSet } from '../../../../src/store/replica/durable-set/index.ts';
import { openSet } from '../../../../src/store/replica/durable-set/index.ts';
import { encodeHead } from '../../../../src/store/replica/records/index.ts';
import { keysBehind, type Page, readPage } from '../../../../src/store/replica/scrub/testing.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { flip, flipItem, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { item, items } from '../support.ts';

interface Opened {
  readonly database: Database;
  readonly set: DurableSet;
}

/** A set without a replica. */
async function opened(t: TestContext, given: number | readonly NewItem[]): Promise<Opened> {
  const { database, clock } = await MemorySet.of(given);
  await database.open();
  const shape = { leafItems: 4, fanout: 4, cacheBytes: 100_000, maxSnapshotAgeMs: 1_000 };
  const { set } = await openSet({ database, keys: KEYS, scheme: wideSum, clock, shape });
  cleanUp(t, () => database.close());
  cleanUp(t, () => set?.close());
  return { database, set: set! };
}

function key(number: number): ItemKey {
  return { hint: BigInt(number), id: idOf(item(number)) };
}

function hints(keys: readonly ItemKey[]): number[] {
  return keys.map(({ hint }) => Number(hint));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function pageOf({ database, set }: Opened, behind: ItemKey | null, count: number): Promise<Page> {
  return readPage(database, KEYS, keysBehind(set, behind, count));
}

async function putItem(database: Database, one: NewItem): Promise<void> {
  const [{ hint, payload }, id] = [one, idOf(one)];
  await database.put(KEYS.item({ hint, id }), payload);
  await database.put(KEYS.id(id), encodeHead({ hint, bytes: payload.length }));
}

describe('keys behind another one', () => {
  it('are as many as requested, and include the last key only where none follows', async (t) => {
    const { set } = await opened(t, 30);
    for (const [behind, count, found, last] of [
      [null, 10, range(0, 10), false],
      [null, 29, range(0, 29), false],
      [null, 30, range(0, 30), true],
      [null, 31, range(0, 30), true],
      [key(9), 10, range(10, 20), false],
      [key(9), 19, range(10, 29), false],
      [key(9), 20, range(10, 30), true],
      [key(9), 21, range(10, 30), true],
      [key(29), 5, [], true],
      [{ hint: 9n, id: new Uint8Array(32).fill(0) }, 20, range(9, 29), false],
      [{ hint: 9n, id: new Uint8Array(32).fill(255) }, 19, range(10, 29), false],
      [{ hint: 9n, id: new Uint8Array(32).fill(255) }, 20, range(10, 30), true],
    ] as const) {
      const page = keysBehind(set, behind, count);
      const what = `${count} behind ${behind?.hint}`;
      assert.deepEqual([hints(page.keys), page.last, page.behind], [found, last, behind], what);
    }
  });
});

describe('a page of items', () => {
  it('covers the range from behind a key to its last key, or to the end of the set', async (t) => {
    const store = await opened(t, 30);
    const first = await pageOf(store, null, 10);
    assert.deepEqual([first.read, first.cost, hints(first.suspects)], [10, 10, []]);
    assert.deepEqual(first.end, key(9));
    const last = await pageOf(store, key(9), 20);
    assert.deepEqual([last.read, last.cost, hints(last.suspects), last.end], [20, 20, [], null]);
  });

  it('suspects damaged, missing and unindexed items, in its own part of the set', async (t) => {
    const store = await opened(
      t,
      items(30).filter(({ hint }) => hint % 10n !== 5n),
    );
    const { database } = store;
    for (const base of [0, 10, 20]) {
      await flipItem(database, item(base + 1));
      await database.del(KEYS.item(key(base + 2)));
      await flip(database, KEYS.id(key(base + 3).id), 12);
      await database.del(KEYS.id(key(base + 4).id));
      await putItem(database, item(base + 5));
    }
    const page = await pageOf(store, key(9), 9);
    assert.deepEqual(hints(page.suspects).sort(), [11, 12, 13, 14, 15]);
    assert.deepEqual(page.end, key(19));
    assert.equal(page.read, 9);
  });

  it('suspects items before the first and behind the last key of the index', async (t) => {
    const store = await opened(t, items(20).slice(5, 15));
    await putItem(store.database, item(0));
    await putItem(store.database, item(19));
    const page = await pageOf(store, null, 10);
    assert.deepEqual([hints(page.suspects), page.end], [[0, 19], null]);
  });

  it('suspects the last keys of the index, and all of them, where their items are missing', async (t) => {
    const store = await opened(t, 10);
    for (const first of [9, 7, 0]) {
      for (const number of range(first, 10)) await store.database.del(KEYS.item(key(number)));
      const page = await pageOf(store, null, 10);
      assert.deepEqual(hints(page.suspects), range(first, 10), 'in order');
      assert.deepEqual([page.read, page.cost, page.end], [first, 10, null]);
    }
  });

  it('ends early where it has read as many records as it may, and continues behind them', async (t) => {
    for (const [strays, read, end] of [
      [16, 26, 18],
      [17, 26, 17],
      [20, 26, 14],
    ] as const) {
      const store = await opened(t, [item(0), ...items(20).slice(10)]);
      for (const number of range(0, strays)) {
        await putItem(store.database, { hint: 5n, payload: item(100 + number).payload });
      }
      const page = await pageOf(store, null, 10);
      const found = [page.read, Number(page.end?.hint), page.suspects.length];
      assert.deepEqual(found, [read, end, strays], `${strays} strays`);
    }
  });

  it('stops before the end of the set where the bytes exceed a step', async (t) => {
    const store = await opened(t, [item(0, 100 * 1024), item(1, 100 * 1024), item(2, 100 * 1024)]);
    const page = await pageOf(store, null, 5);
    assert.equal(page.end?.hint, BigInt(page.read - 1));
    assert.deepEqual(hints(page.suspects), []);
  });

  it('costs one per key at least, and more for payloads above 16 KiB', async (t) => {
    const store = await opened(t, [item(0, 16 * 1024), item(1, 40 * 1024), item(2)]);
    assert.equal((await pageOf(store, null, 5)).cost, 1 + 2.5 + 1);
    const { database } = store;
    for (const [number, bytes] of [
      [0, 16 * 1024],
      [1, 40 * 1024],
    ] as const) {
      await database.del(KEYS.item({ hint: BigInt(number), id: idOf(item(number, bytes)) }));
    }
    assert.equal((await pageOf(store, null, 5)).cost, 3, 'what is missing costs its time too');
  });

  it('continues behind its part of the set where it found only keys that belong to no item', async (t) => {
    const store = await opened(t, 30);
    for (const number of range(0, 30)) {
      await store.database.del(KEYS.item(key(number)));
      await store.database.put(
        Uint8Array.from([...KEYS.item(key(1)).subarray(0, 13), number]),
        item(0).payload,
      );
    }
    const page = await pageOf(store, null, 10);
    assert.deepEqual([page.read, page.end, hints(page.suspects)], [26, key(9), range(0, 10)]);
  });

  it('skips keys that belong to no item', async (t) => {
    const store = await opened(t, 5);
    await store.database.put(new TextEncoder().encode('set/p-stray'), new Uint8Array(3));
    const page = await pageOf(store, null, 5);
    assert.deepEqual([hints(page.suspects), page.end], [[], null]);
  });
});
