import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  compareKeys,
  FlatVector,
  fingerprintsBetween,
  type ItemKey,
  type Snapshot,
  SortedVector,
  sum256,
} from '../../../../src/store/index.ts';
import { keysOf, pairOf, pairs } from '../../../conformance/pairs.ts';
import { assertProperty } from '../../../support/property.ts';

function sealed(keys: Iterable<ItemKey>): Snapshot {
  const vector = new FlatVector();
  for (const { hint, id } of keys) vector.insert(hint, id);
  vector.seal();
  assert.equal(vector.snapshot().size, vector.size);
  return vector.snapshot();
}

/** Keys whose hints and ids are alike in as many ways as it takes. */
const hints = fc.oneof(
  fc.constantFrom(0n, 5n, 2n ** 32n, 2n ** 32n + 5n, 2n ** 64n - 2n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }),
);
const ids = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.tuple(fc.nat({ max: 31 }), fc.nat({ max: 255 })).map(([at, byte]) => {
    const id = new Uint8Array(32);
    id[at] = byte;
    return id;
  }),
);
const keys = fc.uniqueArray(fc.record({ hint: hints, id: ids }, { noNullPrototype: true }), {
  maxLength: 120,
  comparator: (a, b) => compareKeys(a, b) === 0,
});

describe('FlatVector', () => {
  it('puts keys in order, whatever the order of insertion', () => {
    assertProperty(
      fc.property(keys, (unordered) => {
        const ordered = [...unordered].sort(compareKeys);
        for (const input of [unordered, ordered, ordered.toReversed()]) {
          const set = sealed(input);
          assert.deepEqual([...set.keys(0, set.size)], ordered);
        }
      }),
    );
  });

  it('answers like a sorted vector of the same scheme', () => {
    assertProperty(
      fc.property(pairs, fc.array(fc.nat(), { minLength: 2, maxLength: 12 }), (spec, draws) => {
        const { a, b } = pairOf({ ...spec, moved: false });
        const set = sealed(a);
        const model = new SortedVector({ scheme: sum256 });
        model.insert(a);
        const expected = model.snapshot();
        const cuts = draws.map((draw) => draw % (a.length + 1)).sort((x, y) => x - y);
        assert.deepEqual(set.fingerprints!(cuts), fingerprintsBetween(expected, cuts));
        const [begin, end] = [cuts[0]!, cuts.at(-1)!];
        assert.deepEqual(set.fingerprint(begin, end), expected.fingerprint(begin, end));
        assert.deepEqual(set.ids(begin, end), expected.ids(begin, end));
        for (const key of [...a.slice(0, 20), ...b.slice(0, 20)]) {
          for (const id of [key.id, null, key.id.subarray(0, 3)]) {
            const bound = { hint: key.hint, id };
            assert.equal(set.lowerBound(bound), expected.lowerBound(bound));
          }
        }
        const sought = [...b.slice(0, 40), ...b.slice(-40)].map(({ id }) => id);
        assert.deepEqual(
          set.lacking!(sought),
          sought.filter((id) => !expected.contains(id)),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('finds ids by scans at first, then from an index', () => {
    const all = keysOf(1, 20_000);
    const set = sealed(all.slice(0, 19_000));
    for (let round = 0; round < 12; round++) {
      const sought = all.filter((_, i) => i % 400 === round).map(({ id }) => id);
      const expected = all.filter((_, i) => i % 400 === round && i >= 19_000);
      assert.deepEqual(
        set.lacking!(sought),
        expected.map(({ id }) => id),
      );
      assert.equal(set.contains(all[round]!.id), true);
      assert.equal(set.contains(all[19_999 - round]!.id), false);
    }
    assert.deepEqual(set.lacking!(all.map(({ id }) => id)).length, 1_000);
  });

  it('holds an id under two hints twice, and a key once', () => {
    const id = new Uint8Array(32).fill(7);
    assert.equal(sealed([2n, 1n].map((hint) => ({ hint, id }))).size, 2);
    for (const twice of [
      [1n, 1n],
      [1n, 2n, 1n],
    ]) {
      const vector = new FlatVector();
      for (const hint of twice) vector.insert(hint, id);
      assert.throws(() => vector.seal(), { name: 'StoreError', code: 'DUPLICATE_KEY' });
      assert.throws(() => vector.snapshot(), { code: 'NOT_SEALED' });
    }
  });

  it('is read only after it is sealed, and filled only before', () => {
    const vector = new FlatVector();
    assert.throws(() => vector.snapshot(), { name: 'StoreError', code: 'NOT_SEALED' });
    vector.insert(1n, new Uint8Array(32));
    vector.seal();
    vector.seal();
    assert.throws(() => vector.insert(2n, new Uint8Array(32)), { code: 'SEALED' });
    assert.equal(vector.size, 1);
  });

  it('refuses keys that cannot stand in a set, and ranks that are not there', () => {
    const vector = new FlatVector();
    for (const hint of [-1n, 2n ** 64n - 1n, 2n ** 64n]) {
      assert.throws(() => vector.insert(hint, new Uint8Array(32)), { code: 'INVALID_HINT' });
    }
    assert.throws(() => vector.insert(1n, new Uint8Array(31)), { code: 'INVALID_ID' });
    const set = sealed(keysOf(1, 3));
    assert.deepEqual(
      [0, 1, 2].map((rank) => set.select(rank)),
      keysOf(1, 3),
    );
    assert.deepEqual([...set.keys(1, 3)], keysOf(1, 3).slice(1));
    assert.deepEqual([...set.keys(3, 3)], []);
    const out = { name: 'StoreError', code: 'RANK_OUT_OF_RANGE' };
    for (const rank of [-1, 3, 0.5]) assert.throws(() => set.select(rank), out);
    for (const [begin, end] of [
      [2, 1],
      [0, 4],
      [-1, 0],
      [0, 0.5],
    ] as const) {
      assert.throws(() => set.keys(begin, end), out);
      assert.throws(() => set.ids(begin, end), out);
      assert.throws(() => set.fingerprint(begin, end), out);
      assert.throws(() => set.fingerprints!([begin, end]), out);
    }
  });

  it('is not to be read from a snapshot that was released', () => {
    const set = sealed(keysOf(1, 3));
    const iterator = set.keys(0, 3);
    assert.equal([...iterator].length, 3);
    set.release();
    set.release();
    assert.throws(() => set.select(0), { code: 'SNAPSHOT_RELEASED' });
    assert.throws(() => set.contains(new Uint8Array(32)), { code: 'SNAPSHOT_RELEASED' });
    for (const read of [
      () => set.keys(0, 0),
      () => set.ids(0, 0),
      () => set.lowerBound({ hint: 0n, id: null }),
      () => set.fingerprint(0, 0),
      () => set.fingerprints!([0]),
      () => set.lacking!([]),
    ]) {
      assert.throws(read, { code: 'SNAPSHOT_RELEASED' });
    }
  });

  it('hands out copies', () => {
    const set = sealed(keysOf(1, 100));
    set.ids(0, 100).fill(0);
    set.select(5).id.fill(0);
    set.fingerprint(0, 100).fill(0);
    assert.deepEqual(set.ids(0, 100), sealed(keysOf(1, 100)).ids(0, 100));
    assert.deepEqual(set.fingerprint(0, 100), sealed(keysOf(1, 100)).fingerprint(0, 100));
  });
});
