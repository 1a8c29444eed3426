import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database } from '../../../src/store/index.ts';
import { behind, passOver, type WalkOptions, walk } from '../../../src/store/level/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { corruption } from '../replica/in-memory.ts';
import { coded } from '../replica/support.ts';

const text = new TextEncoder();
const RANGE = { gte: text.encode('b'), lt: text.encode('c') };

function key(number: number): Uint8Array {
  return new Uint8Array([...RANGE.gte, number >> 8, number & 255]);
}

/** A database with `count` records in the range, and some around it. */
async function database(t: TestContext, count: number): Promise<Database> {
  const made = memoryDatabase();
  await made.open();
  cleanUp(t, () => made.close());
  const records = Array.from({ length: count }, (_, i) => key(i));
  await made.batch(
    [text.encode('a'), ...records, RANGE.lt].map((one) => ({
      type: 'put' as const,
      key: one,
      value: one,
    })),
  );
  return made;
}

async function steps(made: Database, options?: WalkOptions): Promise<number[]> {
  const sizes: number[] = [];
  for await (const found of walk(made, RANGE, options)) sizes.push(found.length);
  return sizes;
}

/**
 * Has a database fail at the end of every range, as LevelDB does that has passed over records: the
 * error takes the place of the last step. Iterators that are open are counted.
 */
function spoil(made: Database, error: Error): { open: number } {
  const counted = { open: 0 };
  const begin = made.iterator.bind(made) as (options: object) => ReturnType<Database['iterator']>;
  made.iterator = ((options: { gte: Uint8Array }) => {
    const iterator = begin(options);
    counted.open++;
    const nextv = iterator.nextv.bind(iterator) as (
      size: number,
    ) => Promise<[Uint8Array, Uint8Array][]>;
    const close = iterator.close.bind(iterator);
    iterator.nextv = (async (size: number) => {
      const found = await nextv(size);
      if (found.length < size) throw error;
      return found;
    }) as never;
    iterator.close = async () => {
      counted.open--;
      await close();
    };
    return iterator;
  }) as never;
  return counted;
}

describe('scan of a range', () => {
  it('returns a thousand records a step by default', async (t) => {
    assert.deepEqual(await steps(await database(t, 1_000)), [1_000]);
    const made = await database(t, 1_001);
    assert.deepEqual(await steps(made), [1_000, 1]);
    assert.deepEqual(await steps(made, { records: 500 }), [500, 500, 1]);
    assert.deepEqual(await steps(made, { records: 500, grows: true }), [
      ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 490],
    ]);
    assert.deepEqual(await steps(made, { records: 1, grows: true }), Array(1_001).fill(1));
    assert.deepEqual(await steps(await database(t, 0)), []);
  });

  it('returns keys with values, or keys alone', async (t) => {
    const made = await database(t, 2);
    const read = async (options?: WalkOptions) => (await walk(made, RANGE, options).next()).value;
    assert.deepEqual(
      await read(),
      [key(0), key(1)].map((one) => [one, one]),
    );
    const none = new Uint8Array(0);
    assert.deepEqual(
      await read({ values: false }),
      [key(0), key(1)].map((one) => [one, none]),
    );
  });

  it('reads as of a snapshot', async (t) => {
    const made = await database(t, 2);
    const snapshot = made.snapshot();
    await made.put(key(2), key(2));
    assert.deepEqual(await steps(made, { snapshot }), [2]);
    assert.deepEqual(await steps(made), [3]);
    await snapshot.close();
  });

  it('returns every readable record where LevelDB cannot read some, and reports the error at the end', async (t) => {
    const made = await database(t, 5);
    const counted = spoil(made, corruption());
    const told: unknown[] = [];
    const found: number[] = [];
    for await (const records of walk(made, RANGE, {
      records: 2,
      unreadable: (e) => told.push(e),
    })) {
      found.push(...records.map(([at]) => at.at(-1)!));
      assert.deepEqual(told, [], 'it is told at the end');
    }
    assert.deepEqual(found, [0, 1, 2, 3, 4]);
    assert.equal(told.length, 1);
    assert.equal(counted.open, 0, 'its iterators are closed');
  });

  it('throws STORE_CORRUPT for unreadable records that the caller does not tolerate', async (t) => {
    const made = await database(t, 5);
    const counted = spoil(made, corruption());
    await assert.rejects(steps(made, { records: 2 }), coded('STORE_CORRUPT'));
    assert.equal(counted.open, 0);
  });

  it('throws STORE_UNAVAILABLE at an I/O error, tolerant or not', async (t) => {
    const made = await database(t, 5);
    const counted = spoil(made, new Error('IO error: it burns'));
    await assert.rejects(steps(made, { unreadable: passOver }), {
      code: 'STORE_UNAVAILABLE',
      message: /IO error: it burns/,
    });
    assert.equal(counted.open, 0);
  });

  it('closes its iterator after a step without records, whether it is read to the end or not', async (t) => {
    const made = await database(t, 5);
    const begin = made.iterator.bind(made) as (of: object) => ReturnType<Database['iterator']>;
    let calls: (number | string)[] = [];
    made.iterator = ((of: object) => {
      const iterator = begin(of);
      const nextv = iterator.nextv.bind(iterator) as (size: number) => Promise<unknown[]>;
      const close = iterator.close.bind(iterator);
      return Object.assign(iterator, {
        nextv: (size: number) =>
          nextv(size).then((found) => {
            calls.push(found.length);
            return found;
          }),
        close: () => {
          calls.push('close');
          return close();
        },
      });
    }) as never;
    for await (const _ of walk(made, RANGE, { records: 2 })) break;
    assert.deepEqual(calls, [2, 0, 'close']);
    calls = [];
    assert.deepEqual(await steps(made, { records: 4 }), [4, 1]);
    assert.deepEqual(calls.slice(-2), [0, 'close']);
  });

  it('closes its iterator when it is left early', async (t) => {
    const made = await database(t, 5);
    const counted = spoil(made, corruption());
    for await (const _ of walk(made, RANGE, { records: 2 })) break;
    assert.equal(counted.open, 0);
  });
});

describe('the key behind another', () => {
  it('is the next possible key', () => {
    assert.deepEqual(behind(new Uint8Array([1, 255])), new Uint8Array([1, 255, 0]));
  });
});
