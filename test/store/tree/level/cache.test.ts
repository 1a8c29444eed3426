import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ByteCache } from '../../../../src/store/tree/level/index.ts';

describe('byte cache', () => {
  it('never holds more than its bound', () => {
    const cache = new ByteCache<number>(100);
    for (let key = 0; key < 1000; key++) {
      cache.set(key, key, 1 + (key % 50));
      cache.get((key * 7) % (key + 1));
      let held = 0;
      for (let other = 0; other <= key; other++) held += cache.has(other) ? 1 + (other % 50) : 0;
      assert.ok(held <= 100, `${held} after ${key}`);
    }
  });

  it('keeps nothing of a value that was replaced, however long it never fills', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const cache = new ByteCache<object>(1_000_000);
    for (let key = 0; key < 1_000; key++) cache.set(key, {}, 1);
    const replaced = new WeakRef({});
    cache.set(0, replaced.deref()!, 1);
    for (let turn = 1; turn < 20_000; turn++) cache.set(turn % 1_000, {}, 1);
    cache.set(0, {}, 1);
    // A target stays until the end of the turn in which it was looked at.
    await new Promise(setImmediate);
    collect();
    assert.equal(replaced.deref(), undefined);
  });

  it('keeps values that are asked for again and again', () => {
    const cache = new ByteCache<string>(100);
    cache.set(0, 'hot', 10);
    for (let key = 1; key < 100; key++) {
      cache.set(key, 'cold', 10);
      assert.equal(cache.get(0), 'hot');
    }
    assert.equal(cache.get(1), undefined);
  });

  it('fills its bound, and drops no more than the oldest values that nobody asked for', () => {
    const cache = new ByteCache<string>(100);
    cache.set(1, 'half', 50);
    assert.equal(cache.get(1), 'half', 'exactly half the bound');
    cache.set(2, 'next', 25);
    cache.set(3, 'third', 25);
    assert.deepEqual(held(cache, 3), [1, 2, 3], 'exactly the bound');
    cache.set(4, 'one more', 1);
    assert.deepEqual(held(cache, 4), [1, 3, 4], 'the first was asked for');
    cache.set(5, 'one more', 25);
    assert.deepEqual(held(cache, 5), [1, 4, 5]);
    cache.set(6, 'one more', 25);
    assert.deepEqual(held(cache, 6), [4, 5, 6], 'a value is spared once for all uses before');
  });

  it('keeps all of a working set that fits, however it is asked for', () => {
    const cache = new ByteCache<number>(1_000);
    for (let turn = 0; turn < 2_000; turn++) {
      const key = (turn * 37) % 100;
      if (cache.get(key) === undefined) cache.set(key, key, 10);
    }
    assert.deepEqual(cache.uses, { hits: 1_900, misses: 100 });
  });

  it('drops values that were all asked for, the oldest first', () => {
    const cache = new ByteCache<number>(100);
    for (let round = 0; round < 3; round++) {
      for (let key = 10 * round; key < 10 * round + 10; key++) {
        cache.set(key, key, 10);
        cache.get(key);
      }
    }
    assert.deepEqual(held(cache, 30), [20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
  });

  it('says how often it was asked in vain', () => {
    const cache = new ByteCache<string>(100);
    cache.get(1);
    cache.set(1, 'old', 50);
    cache.set(2, 'young', 50);
    for (const key of [1, 2, 3]) cache.get(key);
    assert.deepEqual(cache.uses, { hits: 2, misses: 2 });
  });

  it('counts a use, and not a look', () => {
    const cache = new ByteCache<string>(50);
    cache.set(1, 'used', 25);
    cache.set(2, 'seen', 25);
    assert.equal(cache.get(1), 'used');
    assert.ok(cache.has(2));
    cache.set(3, 'new', 25);
    assert.deepEqual(held(cache, 3), [1, 3]);
  });

  it('gives the room of deleted, replaced or cleared values to others', () => {
    const cache = new ByteCache<number>(100);
    cache.set(0, 0, 10);
    for (let round = 0; round < 30; round++) {
      cache.set(1, round, 40);
      if (round % 3 === 0) cache.delete(1);
    }
    assert.equal(cache.get(0), 0, 'thirty times forty bytes under one key drop nothing');
    assert.equal(cache.get(1), 29);
    cache.clear();
    cache.set(1, 1, 30);
    cache.clear();
    for (const [key, bytes] of [[2, 20] as const, [3, 20] as const, [4, 40] as const]) {
      cache.set(key, key, bytes);
    }
    assert.deepEqual(
      [2, 3, 4].map((key) => cache.has(key)),
      [true, true, true],
    );
  });

  it('has the value that was set last, also where the key is among the older', () => {
    const cache = new ByteCache<string>(100);
    cache.set(1, 'old', 30);
    cache.set(2, 'other', 30);
    cache.set(1, 'new', 20);
    assert.equal(cache.get(1), 'new');
    cache.set(3, 'third', 20);
    assert.equal(cache.get(1), 'new');
    cache.set(1, 'too large', 51);
    assert.equal(cache.get(1), undefined, 'not the one before it');
  });

  it('does not keep a value larger than half the bound, and forgets deleted values', () => {
    const cache = new ByteCache<string>(100);
    cache.set(1, 'large', 51);
    cache.set(2, 'small', 10);
    assert.equal(cache.get(1), undefined);
    assert.equal(cache.get(2), 'small');
    cache.delete(2);
    assert.equal(cache.get(2), undefined);
    cache.set(3, 'other', 10);
    cache.clear();
    assert.equal(cache.get(3), undefined);
  });

  it('drops spare values before others, also those that were asked for', () => {
    const cache = new ByteCache<string>(100);
    cache.set(1, 'old', 25);
    cache.set(2, 'made spare', 25);
    cache.setSpare(3, 'spare', 25);
    cache.makeSpare(2);
    for (const key of [2, 3]) assert.ok(cache.get(key));
    cache.set(4, 'other', 25);
    cache.set(5, 'other', 25);
    assert.deepEqual(held(cache, 5), [1, 2, 4, 5]);
    cache.set(6, 'other', 25);
    assert.deepEqual(held(cache, 6), [1, 4, 5, 6]);
    cache.set(7, 'other', 25);
    assert.deepEqual(held(cache, 7), [4, 5, 6, 7], 'as if no value had been spare');
  });

  it('keeps spare values in the room that others leave', () => {
    const cache = new ByteCache<string>(100);
    cache.set(1, 'other', 50);
    cache.setSpare(2, 'spare', 25);
    cache.setSpare(3, 'spare', 25);
    assert.deepEqual(held(cache, 3), [1, 2, 3], 'exactly the bound');
    cache.setSpare(4, 'spare', 25);
    assert.deepEqual(held(cache, 4), [1, 3, 4], 'the room of a spare value');
    cache.setSpare(5, 'large', 51);
    assert.deepEqual(held(cache, 5), [1]);
    cache.setSpare(6, 'spare', 50);
    cache.set(6, 'spare no more', 50);
    cache.setSpare(7, 'spare', 1);
    assert.deepEqual(held(cache, 7), [1, 6]);
    cache.delete(1);
    cache.setSpare(7, 'spare', 50);
    cache.delete(7);
    cache.set(8, 'other', 50);
    assert.deepEqual(held(cache, 8), [6, 8]);
    cache.makeSpare(9);
    assert.equal(cache.has(9), false);
  });
});

function held(cache: ByteCache<unknown>, last: number): number[] {
  return Array.from({ length: last + 1 }, (_, key) => key).filter((key) => cache.has(key));
}
