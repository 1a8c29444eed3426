import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteCache } from '../../../src/store/tree/level/cache.ts';

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

  it('keeps what is asked for again and again', () => {
    const cache = new ByteCache<string>(100);
    cache.set(0, 'hot', 10);
    for (let key = 1; key < 100; key++) {
      cache.set(key, 'cold', 10);
      assert.equal(cache.get(0), 'hot');
    }
    assert.equal(cache.get(1), undefined);
  });

  it('does without what is larger than half the bound, and forgets what it is told to', () => {
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
});
