import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReconciliationSet } from '../../../src/protocol/index.ts';

const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const range = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from + 1 }, (_, i) => id(from + i));
const numbers = (ids: Iterable<Uint8Array>): number[] => [...ids].map((one) => one[0]!);
const all = { max: 99, maxBytes: 9_999 };

describe('large ids of a ReconciliationSet', () => {
  it('are counted apart while they are claimed and not, large and small again', () => {
    const set = new ReconciliationSet();
    set.add('ann', range(1, 3));
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(set.unclaimed, { small: 3, large: 0 });
      set.enlarge(id(1), { peer: 'bob', bytes: 10 });
      assert.deepEqual(set.unclaimed, { small: 2, large: 1 });
      assert.deepEqual(numbers(set.claimLarge('ann', all)), [1]);
      assert.deepEqual([set.unclaimed, set.claimed], [{ small: 2, large: 0 }, 1]);
      set.enlarge(id(1), { peer: 'bob', bytes: 11 });
      assert.deepEqual(set.unclaimed, { small: 2, large: 0 }, 'said again, counted once');
      set.unsay('bob');
      assert.deepEqual([set.unclaimed, set.claimed], [{ small: 2, large: 0 }, 1]);
      assert.equal(set.claimedBy(id(1)), 'ann', 'its claim stays');
      assert.equal(set.release('ann', id(1)), true);
    }
  });

  it('have no claim when their length is said', () => {
    const set = new ReconciliationSet();
    set.add('ann', range(1, 2));
    set.enlarge(id(1), { peer: 'ann', bytes: 10 });
    set.enlarge(id(2), { peer: 'ann', bytes: 10 });
    assert.deepEqual([set.claimed, set.claimedBy(id(1))], [0, undefined]);
    set.unsay('ann');
    assert.equal(set.claimed, 0);
    assert.deepEqual(numbers(set.claim('ann', 9)).sort(), [1, 2]);
    assert.deepEqual(set.unclaimed, { small: 0, large: 0 });
  });

  it('are those that were given back with a length alone', () => {
    const set = new ReconciliationSet();
    set.add('ann', range(1, 3));
    set.claim('ann', 3);
    set.release('ann', id(1));
    set.release('ann', id(2), { length: 7 });
    set.release('ann', id(3), { length: 0 });
    assert.deepEqual(
      [1, 2, 3].map((n) => set.length(id(n))),
      [undefined, 7, 0],
    );
    assert.deepEqual(set.said(id(2)), { peer: 'ann', bytes: 7 });
    assert.deepEqual(set.unclaimed, { small: 1, large: 2 });
    assert.deepEqual(numbers(set.claim('ann', 9)), [1]);
    assert.deepEqual(numbers(set.claimLarge('ann', all)), [2, 3]);
  });

  it('given back and denied by all are gone, or orphans when they are to be kept', () => {
    for (const keep of [false, true]) {
      const set = new ReconciliationSet();
      set.add('ann', [id(1)]);
      set.enlarge(id(1), { peer: 'ann', bytes: 5 });
      set.claimLarge('ann', all);
      set.release('ann', id(1), { forget: true, keep });
      const left = keep ? 1 : 0;
      assert.deepEqual([set.size, set.orphans, set.claimed], [left, left, 0]);
      assert.deepEqual(set.unclaimed, { small: 0, large: left });
    }
  });
});

describe('orphans of a ReconciliationSet', () => {
  it('are kept where two peers had them, wherever they stand among those that go', () => {
    for (const confirmed of [1, 2, 5]) {
      const set = new ReconciliationSet({ maxOrphans: 3 });
      set.add('ann', range(1, 5));
      set.add('bob', [id(confirmed)]);
      set.drop('bob');
      set.drop('ann');
      const others = [1, 2, 3, 4, 5].filter((n) => n !== confirmed).slice(-2);
      assert.deepEqual(numbers(set.missing()).sort(), [confirmed, ...others].sort());
      assert.deepEqual([set.orphans, set.lost], [3, 2]);
    }
  });

  it('make room for those that come, the oldest first, one for one', () => {
    const set = new ReconciliationSet({ maxOrphans: 2 });
    for (let n = 1; n <= 6; n++) {
      set.add(`peer ${n}`, [id(n)]);
      set.drop(`peer ${n}`);
      assert.deepEqual(numbers(set.missing()), n === 1 ? [1] : [n - 1, n]);
      assert.equal(set.lost, Math.max(0, n - 2));
    }
  });

  it('that two peers had make room for none', () => {
    const set = new ReconciliationSet({ maxOrphans: 1 });
    for (const peer of ['ann', 'bob']) set.add(peer, range(1, 2));
    for (const peer of ['ann', 'bob']) set.drop(peer);
    assert.deepEqual([numbers(set.missing()), set.orphans, set.lost], [[1], 1, 1]);
  });
});

describe('an id that one peer denied', () => {
  it('keeps its place in line for the others, however often the one is asked for more', () => {
    const set = new ReconciliationSet();
    set.add('ann', range(1, 2));
    set.mirror('bob', 'ann');
    assert.deepEqual(numbers(set.claim('bob', 1)), [1]);
    set.release('bob', id(1), { forget: true });
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(numbers(set.claim('bob', 9)), [2]);
      set.release('bob', id(2));
    }
    assert.deepEqual(numbers(set.claim('ann', 9)).sort(), [1, 2]);
  });
});
