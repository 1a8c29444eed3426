import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type {
  ItemKey,
  NewItem,
  Replica,
  Served,
  ServeLimits,
} from '../../../../src/store/index.ts';
import { assertProperty } from '../../../support/property.ts';
import { codes, flipItem, hide, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { coded, item, items } from '../support.ts';

const WIDE: ServeLimits = { maxItemBytes: 1_000, maxBytes: 1_000_000 };

function keyOf(one: NewItem): ItemKey {
  return { hint: one.hint, id: idOf(one) };
}

/** Hints of the items that were served; of others their length, or none. */
function told(served: readonly Served[]): string {
  const names = served.map((one) => {
    if (one === undefined) return 'none';
    return 'payload' in one ? `${one.hint}` : `only ${one.length}`;
  });
  return names.join(' ');
}

function heldKeys(replica: Replica): ItemKey[] {
  return [...replica.snapshot().keys(0, replica.size)];
}

/** Every answer, page by page. */
async function readAll(serve: (at: number) => Promise<readonly Served[]>, count: number) {
  const all: Served[] = [];
  while (all.length < count) {
    const served = await serve(all.length);
    assert.ok(served.length > 0, 'at least one');
    all.push(...served);
  }
  return all;
}

describe('items served by key', () => {
  it('are those that ids are answered with, wherever pages end', async () => {
    const given = fc.array(
      fc.record({ bytes: fc.integer({ min: 4, max: 60 }), held: fc.boolean() }),
    );
    const limits = fc.record({
      maxItemBytes: fc.integer({ min: 4, max: 60 }),
      maxBytes: fc.integer({ min: 1, max: 200 }),
    });
    await assertProperty(
      fc.asyncProperty(given, limits, async (wanted, bounds) => {
        const all = wanted.map(({ bytes }, at) => item(at, bytes));
        const set = await MemorySet.of(all.filter((_, at) => wanted[at]!.held));
        const replica = await set.reopen();
        const keys = all.map(keyOf);
        const ids = keys.map(({ id }) => id);
        const [byKey, byId] = [
          await readAll((at) => replica.serveKeys(keys.slice(at), bounds), keys.length),
          await readAll((at) => replica.serve(ids.slice(at), bounds), keys.length),
        ];
        await replica.close();
        assert.equal(told(byKey), told(byId));
      }),
      { numRuns: 40 },
    );
  });

  it('end at the item that reaches the bytes, behind a long item, and at 64', async (t) => {
    const given = items(70);
    const replica = await (await MemorySet.of([...given, item(100, 101), item(101)])).open(t);
    const keys = heldKeys(replica);
    const count = async (maxBytes: number) =>
      (await replica.serveKeys(keys, { maxItemBytes: 100, maxBytes })).length;
    assert.deepEqual([await count(1), await count(40), await count(41)], [1, 2, 3]);
    assert.equal(await count(9_999), 64);
    const behind = async (maxItemBytes: number) =>
      told(await replica.serveKeys(keys.slice(69), { maxItemBytes, maxBytes: 999 }));
    assert.deepEqual([await behind(100), await behind(101)], ['69 only 101', '69 100 101']);
    const [first] = await replica.serveKeys(keys, WIDE);
    assert.deepEqual(first, { ...keyOf(given[0]!), payload: given[0]!.payload });
    assert.deepEqual(await replica.serveKeys([], WIDE), []);
  });

  it('need no id record', async (t) => {
    const set = await MemorySet.of(5);
    const replica = await set.open(t);
    await set.database.put(KEYS.id(idOf(item(2))), new Uint8Array(3));
    assert.equal(told(await replica.serveKeys(heldKeys(replica), WIDE)), '0 1 2 3 4');
    assert.deepEqual(codes(replica), []);
  });

  it('end behind a damaged item, which goes to quarantine, twice in a row', async (t) => {
    const set = await MemorySet.of(6);
    const replica = await set.open(t);
    const keys = heldKeys(replica);
    for (const [count, damaged, first] of [
      [1, 2, '0 1 none'],
      [2, 4, '3 none'],
    ] as const) {
      await flipItem(set.database, item(damaged));
      const asked = keys.slice(count === 1 ? 0 : 3);
      assert.equal(told(await replica.serveKeys(asked, WIDE)), first);
      assert.equal(replica.status().quarantined, count);
    }
    assert.deepEqual(codes(replica), ['ITEM_DAMAGED', 'ITEM_DAMAGED']);
    assert.equal(told(await replica.serveKeys(keys.slice(5), WIDE)), '5');
  });

  it('end behind an item whose record is lost, also the last', async (t) => {
    const set = await MemorySet.of(5);
    const replica = await set.open(t);
    const keys = heldKeys(replica);
    for (const lost of [1, 4]) {
      await set.database.del(KEYS.item(keyOf(item(lost))));
      assert.equal(told(await replica.serveKeys(keys.slice(lost - 1), WIDE)), `${lost - 1} none`);
    }
    assert.equal(replica.status().quarantined, 2);
  });

  it('are as they are now: removed items are not served, nor items that were put since', async (t) => {
    const replica = await (await MemorySet.of(6)).open(t);
    const keys = heldKeys(replica);
    await replica.put([item(2, 40), item(4, 40)]);
    assert.equal(told(await replica.serveKeys(keys, WIDE)), '0 1 2 3 4 5');
    await replica.refusals.add([keys[3]!], 'spam');
    await replica.retention.raise(1n);
    await replica.retention.prune(1n, 10);
    const served = await readAll((at) => replica.serveKeys(keys.slice(at), WIDE), keys.length);
    assert.equal(told(served), 'none 1 2 none 4 5');
    assert.deepEqual(codes(replica), []);
  });

  it('end behind an item that cannot be read, and fail where the disk does', async (t) => {
    const set = await MemorySet.of(3);
    const replica = await set.open(t);
    const keys = heldKeys(replica);
    hide(set.database, [], [KEYS.item(keys[1]!)]);
    assert.equal(told(await replica.serveKeys(keys, WIDE)), '0 none');
    set.database.getSync = () => {
      throw new Error('IO error: it burns');
    };
    for (const _ of [1, 2]) {
      await assert.rejects(replica.serveKeys(keys, WIDE), coded('STORE_UNAVAILABLE'));
    }
  });
});
