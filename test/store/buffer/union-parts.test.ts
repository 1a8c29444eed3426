import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UnionSnapshot, WriteBuffer } from '../../../src/store/buffer/index.ts';
import {
  bytesToHex,
  composite,
  concatBytes,
  equalBytes,
  type FingerprintScheme,
  type ItemKey,
  StoreError,
  sum256,
  ZERO_BOUND,
} from '../../../src/store/index.ts';
import { MemoryTree } from '../../../src/store/tree/memory/index.ts';
import { wideSum } from '../../support/wide-sum.ts';

/** Hints of the keys in the tree, and of those in the buffer: below, between, side by side, above. */
const TREE = [10, 20, 30, 40, 50, 60, 70, 80];
const BUFFER = [5, 25, 26, 27, 55, 90, 95];

describe('a union of tree and buffer', () => {
  const cases = [
    ['both', TREE, BUFFER],
    ['a tree alone', TREE, []],
    ['a buffer alone', [], BUFFER],
  ] as const;
  for (const [name, inTree, inBuffer] of cases) {
    it(`gives every range of ${name} as a sorted array does`, () => {
      const union = unionOf(inTree, inBuffer);
      const keys = [...inTree, ...inBuffer].sort((a, b) => a - b).map(key);
      assert.equal(union.size, keys.length);
      for (let begin = 0; begin <= keys.length; begin++) {
        if (begin < keys.length) assert.deepEqual(union.select(begin), keys[begin]);
        assert.equal(union.lowerBound(keys[begin] ?? key(200)), begin);
        for (let end = begin; end <= keys.length; end++) {
          const part = keys.slice(begin, end);
          const ids = concatBytes(...part.map(({ id }) => id));
          const where = `[${begin}, ${end})`;
          assert.deepEqual([...union.keys(begin, end)], part, where);
          assert.equal(bytesToHex(union.ids(begin, end)), bytesToHex(ids), where);
          const runs = concatBytes(...union.idRuns(begin, end));
          assert.equal(bytesToHex(runs), bytesToHex(ids), where);
          assert.ok(equalBytes(union.fingerprint(begin, end), stateOf(ids)), where);
        }
      }
    });
  }

  it('gives the states between any cuts', () => {
    const union = unionOf(TREE, BUFFER);
    const cuts = [0, 1, 1, 4, 9, 15];
    const states = union.fingerprints(cuts);
    assert.equal(states.length, 5);
    for (const [i, state] of states.entries()) {
      const ids = union.ids(cuts[i]!, cuts[i + 1]!);
      assert.ok(equalBytes(state, stateOf(ids)), `${cuts[i]} to ${cuts[i + 1]}`);
    }
    assert.throws(() => union.fingerprints([0, 5, 4]), outOfRange);
    assert.throws(() => union.fingerprints([0, 16]), outOfRange);
    assert.throws(() => union.fingerprints([1, 0]), outOfRange);
  });

  it('shows one part of a scheme that is made of several, or all of them', () => {
    const other = { ...wideSum, name: 'other' };
    const whole = composite([wideSum, other]);
    const union = unionOf(TREE, BUFFER, undefined, whole);
    const state = stateOf(union.ids(2, 9));
    assert.ok(equalBytes(union.fingerprint(2, 9), concatBytes(state, state)));
    for (const part of [wideSum, other]) {
      const shown = union.under(part);
      assert.equal(shown.scheme, part);
      assert.ok(equalBytes(shown.fingerprint(2, 9), state), part.name);
    }
  });

  it('leaves the states of its parts as they are', () => {
    const union = unionOf(TREE, BUFFER);
    const before = bytesToHex(union.fingerprint(0, union.size));
    union.fingerprint(3, 9);
    union.fingerprints([0, 7, union.size]);
    assert.equal(bytesToHex(union.fingerprint(0, union.size)), before);
  });

  it('refuses ranks outside the set, at both ends', () => {
    const union = unionOf(TREE, BUFFER);
    for (const rank of [-1, 15, 0.5]) assert.throws(() => union.select(rank), outOfRange);
    for (const [begin, end] of [
      [-1, 2],
      [0, 16],
      [3, 2],
      [0.5, 2],
      [0, 2.5],
    ] as const) {
      assert.throws(() => union.keys(begin, end), outOfRange);
      assert.throws(() => union.ids(begin, end), outOfRange);
      assert.throws(() => union.idRuns(begin, end), outOfRange);
      assert.throws(() => union.fingerprint(begin, end), outOfRange);
    }
    assert.throws(() => union.edgeNear(-1), outOfRange);
    assert.throws(() => union.edgeNear(16), outOfRange);
  });

  it('names as the edge near a rank one at which a node of the tree begins', () => {
    const edges: number[] = [];
    const union = unionOf(TREE, BUFFER, (rank) => {
      edges.push(rank);
      return rank < 6 ? 4 : 8;
    });
    // Rank 4 of the tree is the key 50, before which 4 of the tree and 4 of the buffer lie.
    assert.equal(union.edgeNear(7), 8);
    assert.equal(union.edgeNear(0), 8);
    assert.equal(union.edgeNear(14), 15, 'the end of the tree is the end of the union');
    assert.deepEqual(edges, [3, 0, 8]);
    const plain = unionOf(TREE, BUFFER);
    assert.equal(plain.edgeNear(1), 1, 'without edges every key of the tree is one');
    assert.equal(plain.lowerBound(ZERO_BOUND), 0);
  });

  it('asks the tree for ids, and ends with it', () => {
    const union = unionOf(TREE, BUFFER);
    assert.equal(union.contains(key(10).id), true);
    assert.equal(union.under(wideSum), union);
    union.release();
    for (const ask of [() => union.select(0), () => union.ids(0, 1), () => union.edgeNear(0)]) {
      assert.throws(ask, StoreError, 'nothing is read after the release');
    }
  });

  it('asks the tree only for ids that may be there', () => {
    const set = new MemoryTree({ scheme: composite([wideSum, sum256]) });
    set.insert([key(1), key(2)]);
    const asked: Uint8Array[] = [];
    const isAbsent = (id: Uint8Array): boolean => {
      asked.push(id);
      return equalBytes(id, key(1).id);
    };
    const buffer = WriteBuffer.empty({ scheme: set.scheme });
    const union = new UnionSnapshot({ tree: set.snapshot(), buffer, isAbsent });
    for (const snapshot of [union, union.under(sum256)]) {
      assert.equal(snapshot.contains(key(1).id), false, 'known to be absent');
      assert.equal(snapshot.contains(key(2).id), true);
    }
    assert.equal(asked.length, 4);
    union.release();
    assert.throws(() => union.contains(key(1).id), 'a released snapshot does not answer');
    assert.equal(asked.length, 4);
  });
});

function unionOf(
  inTree: readonly number[],
  inBuffer: readonly number[],
  edgeNear?: (rank: number) => number,
  scheme: FingerprintScheme = wideSum,
): UnionSnapshot {
  const tree = new MemoryTree({ scheme, leafItems: 2, fanout: 2 });
  tree.insert(inTree.map(key));
  const buffer = WriteBuffer.empty({ scheme, chunkItems: 2, groupChunks: 2 });
  const taken = tree.snapshot();
  const searchable = Object.assign(
    Object.create(taken),
    edgeNear === undefined ? {} : { edgeNear },
  );
  for (const name of [
    'select',
    'lowerBound',
    'countBelow',
    'keys',
    'ids',
    'fingerprint',
  ] as const) {
    searchable[name] = taken[name].bind(taken);
  }
  searchable.contains = taken.contains.bind(taken);
  searchable.release = taken.release.bind(taken);
  searchable.under = taken.under.bind(taken);
  Object.defineProperty(searchable, 'size', { value: taken.size });
  Object.defineProperty(searchable, 'scheme', { value: taken.scheme });
  if (edgeNear === undefined) searchable.edgeNear = undefined;
  searchable.fingerprints = undefined;
  searchable.idRuns = undefined;
  return new UnionSnapshot({ tree: searchable, buffer: buffer.insert(inBuffer.map(key)) });
}

function stateOf(ids: Uint8Array): Uint8Array {
  const state = wideSum.empty();
  wideSum.add(state, ids);
  return state;
}

function outOfRange(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'RANK_OUT_OF_RANGE';
}

function key(hint: number): ItemKey {
  return { hint: BigInt(hint), id: new Uint8Array(32).fill(hint) };
}
