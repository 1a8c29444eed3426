import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ItemKey } from '../../../src/store/index.ts';
import {
  Branch,
  insertKeys,
  type Root,
  removeKeys,
  rootOf,
  SortedVector,
} from '../../../src/store/vector/index.ts';
import { evenSizes, packedSizes } from '../../../src/store/vector/testing.ts';
import { countingScheme } from '../../support/counting-scheme.ts';
import { wideSum } from '../../support/wide-sum.ts';

/** Chunks of four keys; groups of three chunks. Chunks are joined up to two, groups up to one. */
const shape = { scheme: wideSum, chunkItems: 4, groupChunks: 3 };

const keyOf = (hint: number): ItemKey => ({
  hint: BigInt(hint),
  id: new Uint8Array(32).fill(hint),
});
const keys = (...hints: number[]): ItemKey[] => hints.map(keyOf);
const range = (begin: number, end: number): number[] =>
  Array.from({ length: end - begin }, (_, i) => begin + i);

/** A vector of the hints 10, 20, ... */
function grown(count: number): Root {
  return insertKeys(shape, new Branch(shape, []), keys(...range(1, count + 1).map((i) => 10 * i)));
}

/** How many keys each chunk has, group by group. */
function sizes(root: Root): number[][] {
  return root.children.map((group) => group.children.map((chunk) => chunk.size));
}

function contents(root: Root): number[] {
  return [...root.keys(0, root.size)].map(({ hint }) => Number(hint));
}

describe('cutting', () => {
  it('is even, or packed with the rest in the last', () => {
    assert.deepEqual(evenSizes(9, 4), [3, 3, 3]);
    assert.deepEqual(evenSizes(5, 4), [2, 3]);
    assert.deepEqual(evenSizes(8, 4), [4, 4]);
    assert.deepEqual(packedSizes(9, 4), [4, 4, 1]);
    assert.deepEqual(packedSizes(8, 4), [4, 4]);
    assert.deepEqual(packedSizes(0, 4), []);
  });
});

describe('keys that come into a sorted vector', () => {
  it('are packed into chunks and groups when they are the first, or all at once', () => {
    assert.deepEqual(sizes(grown(12)), [[4, 4, 4]]);
    assert.deepEqual(sizes(grown(13)), [[4, 4, 4], [1]]);
    const hints = BigUint64Array.of(1n, 2n, 3n, 4n, 5n);
    const flat = rootOf(shape, { hints, ids: new Uint8Array(160) });
    assert.deepEqual(sizes(flat), [[4, 1]]);
    const none = { hints: new BigUint64Array(0), ids: new Uint8Array(0) };
    assert.deepEqual(sizes(rootOf(shape, none)), []);
  });

  it('fill the last chunk, and the last group, when they lie above all others', () => {
    const root = grown(10);
    assert.deepEqual(sizes(insertKeys(shape, root, keys(110, 120))), [[4, 4, 4]]);
    assert.deepEqual(sizes(insertKeys(shape, root, keys(110, 120, 130))), [[4, 4, 4], [1]]);
    const full = grown(12);
    const more = insertKeys(shape, full, keys(130));
    assert.deepEqual(sizes(more), [[4, 4, 4], [1]]);
    assert.equal(more.children[0]!.children[2], full.children[0]!.children[2], 'shared as it is');
  });

  it('stay in their chunk while there is room, and cut it evenly when there is none', () => {
    const root = grown(7);
    assert.deepEqual(sizes(insertKeys(shape, root, keys(65))), [[4, 4]]);
    assert.deepEqual(sizes(insertKeys(shape, root, keys(25))), [[2, 3, 3]]);
    assert.deepEqual(sizes(insertKeys(shape, root, keys(5))), [[2, 3, 3]], 'below all others');
  });

  it('cut a full group evenly unless they lie above it', () => {
    assert.deepEqual(sizes(insertKeys(shape, grown(12), keys(25))), [
      [2, 3],
      [4, 4],
    ]);
    const two = insertKeys(shape, grown(24), keys(125));
    assert.deepEqual(sizes(two), [[4, 4, 4], [1], [4, 4, 4]], 'above the first of two groups');
  });

  it('leave what they do not fall into as it is', () => {
    const root = grown(36);
    const changed = insertKeys(shape, root, keys(135, 365));
    assert.equal(changed.children[0], root.children[0]);
    assert.equal(contents(changed).length, 38);
    assert.equal(insertKeys(shape, root, []), root);
    assert.deepEqual(
      contents(root),
      range(1, 37).map((i) => 10 * i),
      'the old root is the old set',
    );
  });
});

describe('keys that leave a sorted vector', () => {
  it('take chunks and groups with them, and all of it at last', () => {
    assert.deepEqual(sizes(removeKeys(shape, grown(12), keys(50, 60, 70, 80))), [[4, 4]]);
    assert.deepEqual(sizes(removeKeys(shape, grown(13), keys(130))), [[4, 4, 4]]);
    assert.deepEqual(sizes(removeKeys(shape, grown(3), keys(10, 20, 30))), []);
    const root = grown(3);
    assert.equal(removeKeys(shape, root, []), root);
  });

  it('leave chunks that are joined up to half of one, and not with one key more', () => {
    const gone = range(2, 5).map((i) => 10 * i);
    assert.deepEqual(sizes(removeKeys(shape, grown(8), keys(...gone, 50, 60, 70))), [[2]]);
    assert.deepEqual(sizes(removeKeys(shape, grown(8), keys(...gone, 50, 60))), [[1, 2]]);
  });

  it('leave groups that are joined up to half of one', () => {
    const wide = { ...shape, groupChunks: 4 };
    const root = insertKeys(wide, new Branch(wide, []), keys(...range(1, 33)));
    assert.deepEqual(sizes(root), [
      [4, 4, 4, 4],
      [4, 4, 4, 4],
    ]);
    const gone = [...range(5, 17), ...range(21, 33)];
    assert.deepEqual(sizes(removeKeys(wide, root, keys(...gone))), [[4, 4]], 'one and one');
    const one = [...range(5, 17), ...range(25, 33)];
    assert.deepEqual(sizes(removeKeys(wide, root, keys(...one))), [[4], [4, 4]], 'one and two');
  });
});

describe('sums of a sorted vector', () => {
  it('cost the ids that came and went since they were last asked for', () => {
    const { scheme, ids } = countingScheme(wideSum);
    const vector = new SortedVector({ scheme, chunkItems: 64 });
    vector.insert(keys(...range(1, 41)));
    const ask = (): number => {
      const before = ids();
      const state = vector.snapshot().fingerprint(0, vector.size);
      const cost = ids() - before;
      const expected = wideSum.empty();
      wideSum.add(expected, vector.snapshot().ids(0, vector.size));
      assert.deepEqual(state, expected);
      return cost;
    };
    assert.equal(ask(), 40);
    assert.equal(ask(), 0);
    vector.insert(keys(50, 60));
    assert.equal(ask(), 2);
    vector.remove(keys(50, 3, 4).map(({ id }) => id));
    vector.insert(keys(3, 70));
    assert.equal(ask(), 5, 'all steps since the sum that is known');
    vector.remove(keys(...range(5, 35)).map(({ id }) => id));
    assert.equal(ask(), vector.size, 'from the start where that costs less');
  });

  it('cost half a chunk at either end of a range at the most', () => {
    const { scheme, ids } = countingScheme(wideSum);
    const vector = new SortedVector({ scheme, chunkItems: 8, groupChunks: 4 });
    vector.insert(keys(...range(1, 101)));
    const snapshot = vector.snapshot();
    snapshot.fingerprint(0, 100);
    for (let begin = 0; begin <= 100; begin += 3) {
      for (let end = begin; end <= 100; end++) {
        const before = ids();
        snapshot.fingerprint(begin, end);
        assert.ok(ids() - before <= 8, `${ids() - before} ids for [${begin}, ${end})`);
      }
    }
  });
});

describe('a sorted vector', () => {
  it('has chunks and groups of two at the least', () => {
    new SortedVector({ scheme: wideSum, chunkItems: 2, groupChunks: 2 });
    for (const groupChunks of [0, 1, 2.5, Number.NaN]) {
      assert.throws(() => new SortedVector({ scheme: wideSum, groupChunks }), RangeError);
    }
  });
});
