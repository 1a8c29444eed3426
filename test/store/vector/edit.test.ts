import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ItemKey } from '../../../src/store/index.ts';
import { HeapTree, type LazyRef, lazyNodes, runOf } from '../../../src/store/tree/index.ts';
import { SortedVector } from '../../../src/store/vector/index.ts';
import { countingScheme } from '../../support/counting-scheme.ts';
import { wideSum } from '../../support/wide-sum.ts';

/** Chunks of four keys; groups of three chunks. */
const shape = { scheme: wideSum, leafItems: 4, fanout: 3 };

type Root = HeapTree<LazyRef>;

const keyOf = (hint: number): ItemKey => ({
  hint: BigInt(hint),
  id: new Uint8Array(32).fill(hint),
});
const keys = (...hints: number[]): ItemKey[] => hints.map(keyOf);
const range = (begin: number, end: number): number[] =>
  Array.from({ length: end - begin }, (_, i) => begin + i);

/** A vector of the hints 10, 20, ... */
function grown(count: number): Root {
  return insertKeys(
    new HeapTree(lazyNodes(shape)),
    keys(...range(1, count + 1).map((i) => 10 * i)),
  );
}

function insertKeys(root: Root, some: readonly ItemKey[]): Root {
  return root.insert(runOf(some));
}

function removeKeys(root: Root, some: readonly ItemKey[]): Root {
  return root.remove(runOf(some));
}

/** How many keys each chunk has, group by group. */
function sizes(root: Root): number[][] {
  return root
    .groups()
    .map(({ node }) => (node.children ?? [{ node }]).map((chunk) => chunk.node.count));
}

function chunksOf(root: Root): LazyRef[] {
  return root.groups().flatMap(({ node }) => node.children ?? []);
}

function contents(root: Root): number[] {
  return [...root.keys(0, root.size)].map(({ hint }) => Number(hint));
}

describe('keys that come into a sorted vector', () => {
  it('are packed into chunks and groups when they are the first, or all at once', () => {
    assert.deepEqual(sizes(grown(12)), [[4, 4, 4]]);
    assert.deepEqual(sizes(grown(13)), [
      [4, 4],
      [4, 1],
    ]);
    assert.deepEqual(sizes(grown(5)), [[4, 1]]);
    assert.deepEqual(sizes(grown(0)), []);
  });

  it('fill the last chunk, and the last group, when they lie above all others', () => {
    const root = grown(10);
    assert.deepEqual(sizes(insertKeys(root, keys(110, 120))), [[4, 4, 4]]);
    assert.deepEqual(sizes(insertKeys(root, keys(110, 120, 130))), [[4, 4, 4], [1]]);
    const full = grown(12);
    const more = insertKeys(full, keys(130));
    assert.deepEqual(sizes(more), [[4, 4, 4], [1]]);
    assert.equal(chunksOf(more)[1], chunksOf(full)[1], 'shared as it is');
  });

  it('stay in their chunk while there is room, and cut it evenly when there is none', () => {
    const root = grown(7);
    assert.deepEqual(sizes(insertKeys(root, keys(65))), [[4, 4]]);
    assert.deepEqual(sizes(insertKeys(root, keys(25))), [[2, 3, 3]]);
    assert.deepEqual(sizes(insertKeys(root, keys(5))), [[2, 3, 3]], 'below all others');
  });

  it('cut a full group evenly unless they lie above it', () => {
    assert.deepEqual(sizes(insertKeys(grown(12), keys(25))), [
      [2, 3],
      [4, 4],
    ]);
    const two = insertKeys(grown(24), keys(125));
    assert.deepEqual(sizes(two), [[4, 4, 2], [3], [4, 4, 4]], 'above the first of two groups');
  });

  it('leave the other parts as they are', () => {
    const root = grown(36);
    const changed = insertKeys(root, keys(135, 365));
    assert.equal(changed.groups()[0], root.groups()[0]);
    assert.equal(contents(changed).length, 38);
    assert.equal(insertKeys(root, []).view.root, root.view.root);
    assert.deepEqual(
      contents(root),
      range(1, 37).map((i) => 10 * i),
      'the old root is the old set',
    );
  });
});

describe('keys that leave a sorted vector', () => {
  it('take chunks and groups with them, and all of it at last', () => {
    assert.deepEqual(sizes(removeKeys(grown(12), keys(50, 60, 70, 80))), [[4, 4]]);
    assert.deepEqual(sizes(removeKeys(grown(13), keys(130))), [[4, 4, 4]]);
    assert.deepEqual(sizes(removeKeys(grown(3), keys(10, 20, 30))), []);
    const root = grown(3);
    assert.equal(removeKeys(root, []).view.root, root.view.root);
  });

  it('leave chunks that are joined up to three quarters of one, and not with one key more', () => {
    assert.deepEqual(sizes(removeKeys(grown(8), keys(20, 30, 40, 50, 60))), [[3]]);
    assert.deepEqual(sizes(removeKeys(grown(8), keys(20, 30, 50, 60))), [[2, 2]]);
  });

  it('leave groups that are joined up to three quarters of one', () => {
    const wide = { ...shape, fanout: 4 };
    const root = insertKeys(new HeapTree(lazyNodes(wide)), keys(...range(1, 33)));
    assert.deepEqual(sizes(root), [
      [4, 4, 4, 4],
      [4, 4, 4, 4],
    ]);
    const gone = [...range(5, 17), ...range(21, 33)];
    assert.deepEqual(sizes(removeKeys(root, keys(...gone))), [[4, 4]], 'one and one');
    const three = [...range(5, 17), ...range(25, 33)];
    assert.deepEqual(sizes(removeKeys(root, keys(...three))), [[4, 4, 4]], 'one and two');
    const four = [...range(9, 17), ...range(25, 33)];
    const twice = sizes(removeKeys(root, keys(...four)));
    assert.deepEqual(
      twice,
      [
        [4, 4],
        [4, 4],
      ],
      'two and two',
    );
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
    assert.equal(ask(), 3, 'the key that went and came back is not counted');
    vector.remove(keys(...range(5, 35)).map(({ id }) => id));
    assert.equal(ask(), vector.size, 'from the start where that costs less');
  });

  it('cost at most half a chunk at either end of a range', () => {
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
  it('has chunks and groups of at least two', () => {
    new SortedVector({ scheme: wideSum, chunkItems: 2, groupChunks: 2 });
    for (const groupChunks of [0, 1, 2.5, Number.NaN]) {
      assert.throws(() => new SortedVector({ scheme: wideSum, groupChunks }), {
        code: 'INVALID_SIZE',
      });
    }
  });
});
