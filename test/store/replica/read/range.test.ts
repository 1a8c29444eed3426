import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import {
  type Bound,
  bytesToHex,
  compareBounds,
  INFINITE_BOUND,
  type NewItem,
  type RangeInit,
  type RangePage,
  type Replica,
  ZERO_BOUND,
} from '../../../../src/store/index.ts';
import { assertProperty } from '../../../support/property.ts';
import { idOf, KEYS, MemorySet } from '../in-memory.ts';
import { coded, item, items } from '../support.ts';

const EVERYTHING: RangeInit = {
  lower: ZERO_BOUND,
  upper: INFINITE_BOUND,
  maxItems: 1_000,
  maxBytes: 1_000_000,
  maxItemBytes: 1_000,
};

const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });

async function open(t: TestContext, given: number | readonly NewItem[]): Promise<Replica> {
  return (await MemorySet.of(given)).open(t);
}

function hints({ records }: RangePage): number[] {
  return records.map(({ hint }) => Number(hint));
}

function idsIn({ ids }: RangePage): string[] {
  return Array.from({ length: ids.length / 32 }, (_, i) =>
    bytesToHex(ids.subarray(32 * i, 32 * i + 32)),
  );
}

describe('a page of a range', () => {
  it('has the ids of the index and the records of the range, in key order', async (t) => {
    const given = items(10);
    const replica = await open(t, given);
    const page = await replica.range({ ...EVERYTHING, lower: at(3), upper: at(7) });
    assert.deepEqual(hints(page), [3, 4, 5, 6]);
    assert.deepEqual(
      idsIn(page),
      given.slice(3, 7).map((one) => bytesToHex(idOf(one))),
    );
    assert.deepEqual(page.end, at(7));
    const [first] = page.records;
    assert.deepEqual(first, { hint: 3n, payload: given[3]!.payload });
  });

  it('ends at the most items, at the item that reaches the most bytes, or at the upper bound', async (t) => {
    const given = Array.from({ length: 6 }, (_, i) => item(i, 100));
    const replica = await open(t, given);
    const three = await replica.range({ ...EVERYTHING, maxItems: 3 });
    assert.deepEqual([hints(three), three.end.hint], [[0, 1, 2], 3n]);
    for (const [maxBytes, count] of [
      [1, 1],
      [100, 1],
      [101, 2],
      [600, 6],
    ] as const) {
      const page = await replica.range({ ...EVERYTHING, maxBytes });
      assert.equal(page.records.length, count, `${maxBytes} bytes`);
      assert.equal(page.ids.length, 32 * count);
      assert.deepEqual(page.end.hint, count === 6 ? INFINITE_BOUND.hint : BigInt(count));
    }
    const named = await replica.range({ ...EVERYTHING, maxBytes: 201, maxItemBytes: 99 });
    assert.equal(named.records.length, 3, 'items that are named are read too');
    const empty = await replica.range({ ...EVERYTHING, lower: at(50), upper: at(60) });
    assert.deepEqual(empty, { ids: new Uint8Array(0), records: [], end: at(60) });
  });

  it('tells of the long items that it read, also where its slice is called off', async (t) => {
    const replica = await open(t, [item(0, 100), item(1, 5_000), item(2, 7_000)]);
    let passed = 0;
    const passedOver = (bytes: number): void => {
      passed += bytes;
    };
    await replica.range({ ...EVERYTHING, passedOver });
    assert.equal(passed, 12_000);
    await replica.range({ ...EVERYTHING, maxItemBytes: 5_000, passedOver });
    assert.equal(passed, 19_000, 'longer items alone');
    let slices = 0;
    const inTurn = async <Result>(slice: () => Result): Promise<Awaited<Result>> => {
      if (slices++ > 0) throw new RangeError('over');
      return await slice();
    };
    await assert.rejects(replica.range({ ...EVERYTHING, inTurn, passedOver }), RangeError);
    assert.equal(passed, 31_000);
  });

  it('is read in slices, each of which may wait for its turn', async (t) => {
    const given = items(1_100);
    const replica = await open(t, given);
    let slices = 0;
    const inTurn = async <Result>(slice: () => Result): Promise<Awaited<Result>> => {
      await new Promise((resolve) => setImmediate(resolve));
      slices++;
      return await slice();
    };
    const page = await replica.range({ ...EVERYTHING, maxItems: 1_025, inTurn });
    assert.equal(page.records.length, 1_025);
    assert.equal(slices, 1 + 3, 'the ids, and 512 records at a time');
    assert.deepEqual(page, await replica.range({ ...EVERYTHING, maxItems: 1_025 }));
  });

  it('has the items that leave the set while it waits for its turn', async (t) => {
    const replica = await open(t, 10);
    await replica.retention.raise(3n);
    let slices = 0;
    const inTurn = async <Result>(slice: () => Result): Promise<Awaited<Result>> => {
      if (slices++ === 0) {
        await replica.retention.raise(6n);
        assert.equal(await replica.retention.prune(6n, 10), 6);
      }
      return await slice();
    };
    const page = await replica.range({ ...EVERYTHING, inTurn });
    assert.deepEqual([idsIn(page).length, hints(page)], [7, [3, 4, 5, 6, 7, 8, 9]]);
  });

  it('names a longer item, and gives its length', async (t) => {
    const given = [item(0, 99), item(1, 100), item(2, 101)];
    const replica = await open(t, given);
    const { records } = await replica.range({ ...EVERYTHING, maxItemBytes: 100 });
    assert.deepEqual(
      records.map((one) => ('payload' in one ? one.payload.length : `only ${one.length}`)),
      [99, 100, 'only 101'],
    );
  });

  it('has the id of an item whose record is lost, and not a record that the index lacks', async (t) => {
    const given = items(6);
    const set = await MemorySet.of(given);
    const replica = await set.open(t);
    const lost = { hint: 2n, id: idOf(given[2]!) };
    const extra = item(2, 77);
    await set.database.del(KEYS.item(lost));
    await set.database.put(KEYS.item({ hint: 2n, id: idOf(extra) }), extra.payload);
    const page = await replica.range(EVERYTHING);
    assert.equal(idsIn(page).length, 6);
    assert.ok(idsIn(page).includes(bytesToHex(lost.id)));
    assert.deepEqual(hints(page), [0, 1, 3, 4, 5]);
    await set.database.del(KEYS.item({ hint: 5n, id: idOf(given[5]!) }));
    const last = await replica.range({ ...EVERYTHING, lower: at(4) });
    assert.deepEqual([idsIn(last).length, hints(last)], [2, [4]], 'also of the last item');
  });

  it('begins at the floor', async (t) => {
    const replica = await open(t, 10);
    await replica.retention.raise(4n);
    assert.deepEqual(hints(await replica.range(EVERYTHING)), [4, 5, 6, 7, 8, 9]);
  });

  it('is refused for bounds out of order and for no items', async (t) => {
    const replica = await open(t, 3);
    const upside = { ...EVERYTHING, lower: at(2), upper: at(1) };
    await assert.rejects(replica.range(upside), coded('INVALID_BOUND'));
    for (const bad of [
      { hint: -1n, id: null },
      { hint: 1n, id: new Uint8Array(33) },
    ]) {
      await assert.rejects(replica.range({ ...EVERYTHING, lower: bad }), coded('INVALID_BOUND'));
      await assert.rejects(replica.range({ ...EVERYTHING, upper: bad }), coded('INVALID_BOUND'));
    }
    for (const maxItems of [0, 1.5]) {
      await assert.rejects(replica.range({ ...EVERYTHING, maxItems }), coded('INVALID_LIMIT'));
    }
  });

  it('joins with the next pages to the whole range, wherever pages are cut', async () => {
    const length = fc.integer({ min: 4, max: 60 });
    const lengths = fc.array(length, { maxLength: 40 });
    const cuts = fc.record({
      maxItems: fc.integer({ min: 1, max: 9 }),
      maxBytes: fc.integer({ min: 1, max: 200 }),
    });
    await assertProperty(
      fc.asyncProperty(lengths, cuts, async (bytes, limits) => {
        // Three items of a hint, so that pages also end between items of one hint.
        const given = bytes.map((size, i) => ({
          ...item(i, size),
          hint: BigInt(Math.floor(i / 3)),
        }));
        const replica = await (await MemorySet.of(given)).reopen();
        const whole = await replica.range(EVERYTHING);
        const [seen, ids]: [number[], string[]] = [[], []];
        for (let lower: Bound = ZERO_BOUND; lower.hint !== INFINITE_BOUND.hint; ) {
          const page = await replica.range({ ...EVERYTHING, ...limits, lower });
          seen.push(...hints(page));
          ids.push(...idsIn(page));
          assert.ok(compareBounds(lower, page.end) < 0, 'each page gets further');
          lower = page.end;
        }
        await replica.close();
        assert.equal(seen.join(), hints(whole).join());
        assert.equal(ids.join(), idsIn(whole).join());
      }),
      { numRuns: 30 },
    );
  });
});
