import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INFINITE_HINT, type ItemKey, type NewItem } from '../../../../src/store/index.ts';
import { MAX_LIST_LIMIT } from '../../../../src/store/replica/read/index.ts';
import { settle } from '../../../support/clock.ts';
import { codes, flipItem, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { coded, item, items } from '../support.ts';

const WIDE = { maxItemBytes: 1_000, maxBytes: 1_000_000 };

function key(number: number): ItemKey {
  return { hint: BigInt(number), id: idOf(item(number)) };
}

/** Items of these lengths, one a hint. */
function ofLengths(...lengths: number[]): NewItem[] {
  return lengths.map((bytes, i) => item(i, bytes));
}

describe('short items', () => {
  it('are read at once where they are held, whole and no longer than asked for', async (t) => {
    const set = await MemorySet.of(ofLengths(99, 100, 101, 50));
    const replica = await set.open(t);
    await flipItem(set.database, item(3, 50));
    const found = [1, 2, 3, 4, 9].map((number) =>
      replica.short(idOf(ofLengths(99, 100, 101, 50)[number - 1] ?? item(9)), 100),
    );
    assert.deepEqual(
      found.map((one) => one?.payload.length),
      [99, 100, undefined, undefined, undefined],
    );
    assert.equal(found[0]!.hint, item(0).hint);
    await replica.close();
    assert.throws(() => replica.short(idOf(item(1)), 100), { code: 'STORE_CLOSED' });
  });
});

describe('served items', () => {
  it('are as many as fit into the requested bytes, and at least one', async (t) => {
    const given = ofLengths(100, 100, 100);
    const replica = await (await MemorySet.of(given)).open(t);
    const ids = given.map(idOf);
    for (const [maxBytes, count] of [
      [0, 1],
      [100, 1],
      [199, 1],
      [200, 2],
      [299, 2],
      [300, 3],
    ] as const) {
      const served = await replica.serve(ids, { maxItemBytes: 100, maxBytes });
      const found = served.map((one) => one !== undefined && 'payload' in one);
      assert.deepEqual(found, Array(count).fill(true), `${maxBytes} bytes`);
    }
  });

  it('are answered with their length alone where they are longer than requested', async (t) => {
    const given = ofLengths(99, 100, 101, 50);
    const replica = await (await MemorySet.of(given)).open(t);
    const served = await replica.serve(given.map(idOf), { maxItemBytes: 100, maxBytes: 249 });
    assert.deepEqual(
      served.map((one) => one && ('payload' in one ? one.payload.length : `only ${one.length}`)),
      [99, 100, 'only 101', 50],
    );
    const less = await replica.serve(given.map(idOf), { maxItemBytes: 100, maxBytes: 248 });
    assert.equal(less.length, 3);
  });

  it('are looked up 64 ids at a time', async (t) => {
    const given = items(70);
    const replica = await (await MemorySet.of(given)).open(t);
    const ids = given.map(idOf);
    assert.equal((await replica.serve(ids.slice(0, 64), WIDE)).length, 64);
    assert.equal((await replica.serve(ids, WIDE)).length, 64);
  });

  it('are undefined for ids that are not held', async (t) => {
    const replica = await (await MemorySet.of(2)).open(t);
    const served = await replica.serve([key(9).id, key(1).id], WIDE);
    assert.deepEqual(served, [undefined, { ...key(1), payload: item(1).payload }]);
    assert.deepEqual(await replica.serve([], WIDE), []);
  });

  it('end at a damaged item, which goes to quarantine, twice in a row', async (t) => {
    const set = await MemorySet.of(5);
    const replica = await set.open(t);
    const ids = items(5).map(idOf);
    for (const [count, damaged] of [
      [1, 2],
      [2, 4],
    ] as const) {
      await flipItem(set.database, item(damaged));
      const served = await replica.serve(ids.slice(damaged - 1), WIDE);
      assert.deepEqual(
        served.map((one) => one !== undefined),
        [true, false],
      );
      assert.equal(replica.status().quarantined, count);
      const again = await replica.serve(ids.slice(damaged - 1), WIDE);
      assert.equal(again[1], undefined);
    }
    assert.deepEqual(codes(replica), ['ITEM_DAMAGED', 'ITEM_DAMAGED']);
  });

  it('count as not held where an id record is damaged, and the index is rebuilt', async (t) => {
    const set = await MemorySet.of(5, (database) =>
      database.put(KEYS.id(key(1).id), new Uint8Array(3)),
    );
    const replica = await set.open(t);
    const served = await replica.serve([key(1).id, key(2).id], WIDE);
    assert.deepEqual(
      served.map((one) => one !== undefined),
      [false, true],
    );
    await replica.ready();
    assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'INDEX_REBUILT']);
    assert.notEqual((await replica.serve([key(1).id], WIDE))[0], undefined);
  });
});

describe('a read of an item', () => {
  it('fails for a damaged item, and says where the item went', async (t) => {
    const set = await MemorySet.of(5);
    const replica = await set.open(t);
    await flipItem(set.database, item(1));
    await assert.rejects(replica.get(key(1).id), /was put aside: fetch it from a peer again/);
    assert.equal(await replica.get(key(1).id), undefined);
    assert.match(replica.status().incidents[0]!.message, /^item [0-9a-f]{64} was damaged/);
    const version = replica.version;
    await flipItem(set.database, item(2));
    await assert.rejects(replica.get(key(2).id), coded('STORE_CORRUPT'));
    assert.ok(replica.version > version, 'the set has another version when an item has left it');
  });

  it('takes the head from the id record, which must be whole', async (t) => {
    const set = await MemorySet.of(5);
    const replica = await set.open(t);
    assert.deepEqual(await replica.head(key(1).id), { hint: 1n, bytes: 20 });
    assert.equal(await replica.head(key(9).id), undefined);
    await set.database.put(KEYS.id(key(1).id), new Uint8Array(17));
    await assert.rejects(replica.head(key(1).id), coded('STORE_CORRUPT'));
    await replica.ready();
    assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'INDEX_REBUILT']);
    assert.deepEqual(await replica.head(key(1).id), { hint: 1n, bytes: 20 });
  });

  it('fails for now where the disk fails, which is told once a minute and looked into', async (t) => {
    const set = await MemorySet.of(5);
    const replica = await set.open(t);
    const getSync = set.database.getSync.bind(set.database);
    set.database.getSync = ((at: Uint8Array, options: object) => {
      if (at[KEYS.items.gte.length - 1] === 'p'.charCodeAt(0))
        throw new Error('IO error: it burns');
      return getSync(at, options as never);
    }) as never;
    for (const _ of [1, 2]) {
      await assert.rejects(replica.get(key(1).id), coded('STORE_UNAVAILABLE'));
      await assert.rejects(replica.serve([key(1).id], WIDE), coded('STORE_UNAVAILABLE'));
      await settle();
    }
    assert.deepEqual([codes(replica), replica.status().quarantined], [['READ_FAILED'], 0]);
    await set.clock.advance(60_000);
    await assert.rejects(
      replica.get(key(2).id),
      /cannot be read \(IO error: it burns\): check the disk/,
    );
    await settle();
    assert.deepEqual(codes(replica), ['READ_FAILED', 'READ_FAILED']);
  });

  it('fails for now where the id record cannot be read, whether held or not', async (t) => {
    const set = await MemorySet.of(5);
    const replica = await set.open(t);
    const getSync = set.database.getSync.bind(set.database);
    for (const failure of [
      Object.assign(new Error('checksum'), { code: 'LEVEL_CORRUPTION' }),
      new Error('IO error: /db/000005.ldb: Too many open files'),
    ]) {
      set.database.getSync = ((at: Uint8Array, options: object) => {
        if (at.length > 32 && at.at(-33) === KEYS.id(key(1).id).at(-33)) throw failure;
        return getSync(at, options as never);
      }) as never;
      for (const number of [1, 9]) {
        await assert.rejects(replica.get(key(number).id), coded('STORE_UNAVAILABLE'));
        await assert.rejects(replica.head(key(number).id), coded('STORE_UNAVAILABLE'));
      }
    }
    await settle();
    assert.deepEqual(codes(replica), ['READ_FAILED']);
  });
});

describe('a list of keys', () => {
  it('is one page of the range, from its first hint to below its last', async (t) => {
    const replica = await (await MemorySet.of(200)).open(t);
    const page = async (init: object) => (await replica.list(init)).map(({ hint }) => Number(hint));
    assert.equal((await page({})).length, 100);
    assert.deepEqual(await page({ from: 5n, to: 8n }), [5, 6, 7]);
    assert.deepEqual(await page({ from: 5n, to: 5n }), []);
    assert.deepEqual(await page({ from: 8n, to: 5n }), []);
    assert.deepEqual(await page({ from: 198n, to: INFINITE_HINT }), [198, 199]);
    assert.deepEqual(await page({ limit: 1 }), [0]);
    assert.deepEqual(await page({ limit: 2, after: key(5) }), [6, 7]);
    const below = { hint: 5n, id: new Uint8Array(32) };
    assert.deepEqual(await page({ limit: 2, after: below }), [5, 6], 'that key need not be there');
    assert.deepEqual(await page({ limit: 2, after: key(199) }), []);
    assert.deepEqual(await page({ limit: 1, from: 9n, after: key(5) }), [9]);
    assert.deepEqual(await page({ limit: 1, from: 5n, after: key(9) }), [10]);
  });

  it('has up to its greatest limit, past which it is refused rather than cut short', async (t) => {
    const replica = await (await MemorySet.of(MAX_LIST_LIMIT + 1)).open(t);
    const lengthOf = async (limit: number) => (await replica.list({ limit })).length;
    assert.equal(await lengthOf(MAX_LIST_LIMIT - 1), MAX_LIST_LIMIT - 1);
    assert.equal(await lengthOf(MAX_LIST_LIMIT), 4_000);
    await assert.rejects(lengthOf(MAX_LIST_LIMIT + 1), coded('INVALID_LIMIT'));
  });

  it('is refused for invalid limits and hints', async (t) => {
    const replica = await (await MemorySet.of(1)).open(t);
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(replica.list({ limit }), coded('INVALID_LIMIT'));
    }
    for (const from of [-1n, INFINITE_HINT + 1n]) {
      await assert.rejects(replica.list({ from }), coded('INVALID_BOUND'));
      await assert.rejects(replica.list({ to: from }), coded('INVALID_BOUND'));
    }
    assert.deepEqual(await replica.list({ from: INFINITE_HINT }), []);
    await assert.rejects(
      replica.list({ after: { hint: 1n, id: new Uint8Array(31) } }),
      coded('INVALID_ID'),
    );
    assert.equal((await replica.list({ from: 0n })).length, 1);
  });

  it('releases its snapshot, also after a refusal', async (t) => {
    const set = await MemorySet.of(1);
    const replica = await set.open(t);
    const timers = set.clock.pending;
    await replica.list();
    await assert.rejects(replica.list({ limit: 0 }));
    assert.equal(set.clock.pending, timers, 'no snapshot waits for its end');
  });
});
