import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ShortsPool } from '../../../../../../src/protocol/reconcile/dialects/native/groups/testing.ts';

const MIB_ITEMS = 2 ** 17;

describe('the memory of short ids', () => {
  it('is that of a group that has ended, of the same size or a little larger', () => {
    const pool = new ShortsPool();
    const first = pool.take(1_000);
    assert.equal(first.length, 2_000);
    const second = pool.take(1_000);
    assert.notEqual(second.buffer, first.buffer, 'memory in use is given to one group');
    pool.give(first);
    assert.notEqual(pool.take(500).buffer, first.buffer, 'memory for less is not wasted');
    const third = pool.take(1_024);
    assert.equal(third.buffer, first.buffer);
    assert.equal(third.length, 2_048);
    assert.notEqual(pool.take(1_000).buffer, first.buffer);
  });

  it('is kept up to 8 MiB, and not in small pieces', () => {
    const pool = new ShortsPool();
    const taken = Array.from({ length: 9 }, () => pool.take(MIB_ITEMS));
    for (const shorts of taken) pool.give(shorts);
    const known = new Set(taken.map(({ buffer }) => buffer));
    const again = Array.from({ length: 9 }, () => pool.take(MIB_ITEMS));
    assert.equal(again.filter(({ buffer }) => known.has(buffer)).length, 8);
    const small = pool.take(128);
    pool.give(small);
    assert.notEqual(pool.take(128).buffer, small.buffer);
    assert.equal(pool.take(0).length, 0);
  });
});
