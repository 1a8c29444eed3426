import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Bound,
  compareBounds,
  concatBytes,
  type ItemKey,
  type Snapshot,
  SortedVector,
  subRange,
} from '../../src/store/index.ts';
import { MemoryTree } from '../../src/store/tree/memory/index.ts';
import { assertProperty } from '../support/property.ts';
import { wideSum } from '../support/wide-sum.ts';

const id = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const keys: ItemKey[] = Array.from({ length: 60 }, (_, i) => ({
  hint: BigInt(i >> 2),
  id: id(4 * (i % 4) + 1),
})).map((key, i) => ({ ...key, id: key.id.with(31, i) }));

/** Bounds at, just below and just above the keys, and at their hints. */
const bounds: fc.Arbitrary<Bound> = fc.oneof(
  fc.nat(59).map((i) => keys[i]!),
  fc.record({ hint: fc.bigInt(0n, 16n), id: fc.constant(null) }),
  fc.record({ hint: fc.bigInt(0n, 16n), id: fc.nat(20).map(id) }),
);

describe('sub-range', () => {
  for (const storage of [
    new MemoryTree({ scheme: wideSum, leafItems: 3, fanout: 3 }),
    new SortedVector({ scheme: wideSum, chunkItems: 3, groupChunks: 3 }),
  ]) {
    storage.insert(keys);
    it(`is [lower, upper) of a ${storage.constructor.name}`, () => {
      assertProperty(
        fc.property(bounds, bounds, bounds, (a, b, probe) => {
          const [lower, upper] = compareBounds(a, b) <= 0 ? [a, b] : [b, a];
          const range = subRange(storage.snapshot(), lower, upper);
          const inside = keys.filter(
            (key) => compareBounds(key, lower) >= 0 && compareBounds(key, upper) < 0,
          );
          checkRange(range, inside, probe);
        }),
      );
    });
  }

  it('leaves out a key that is its upper bound', () => {
    const vector = new SortedVector({ scheme: wideSum });
    vector.insert(keys);
    const range = subRange(vector.snapshot(), keys[3]!, keys[9]!);
    assert.equal(range.size, 6);
    assert.deepEqual(range.select(5), keys[8]);
    assert.ok(range.contains(keys[9]!.id), 'held, though outside');
  });

  it('holds nothing between a bound and itself', () => {
    const vector = new SortedVector({ scheme: wideSum });
    vector.insert(keys);
    const range = subRange(vector.snapshot(), keys[3]!, keys[3]!);
    assert.deepEqual([range.size, [...range.keys(0, 0)]], [0, []]);
    assert.throws(() => range.select(0), { code: 'RANK_OUT_OF_RANGE' });
  });

  it('keeps ranks and edges within itself, where the set goes on at both ends', () => {
    const tree = new MemoryTree({ scheme: wideSum, leafItems: 8, fanout: 3 });
    tree.insert(keys);
    const snapshot = tree.snapshot();
    const range = subRange(snapshot, keys[10]!, keys[30]!);
    const out = { code: 'RANK_OUT_OF_RANGE' };
    for (const rank of [-1, -10, 20, 0.5, Number.NaN]) {
      assert.throws(() => range.select(rank), out);
    }
    for (const [begin, end] of [
      [-1, 3],
      [0, 21],
      [5, 4],
      [0.5, 1],
      [0, 1.5],
    ] as const) {
      assert.throws(() => range.keys(begin, end), out);
      assert.throws(() => range.ids(begin, end), out);
      assert.throws(() => [...range.idRuns!(begin, end)], out);
      assert.throws(() => range.fingerprint(begin, end), out);
      assert.throws(() => range.fingerprints!([begin, end]), out);
    }
    for (const rank of [-1, 21]) assert.throws(() => range.edgeNear!(rank), out);
    for (let rank = 0; rank <= 20; rank++) {
      const edge = snapshot.edgeNear(rank + 10) - 10;
      assert.equal(range.edgeNear!(rank), Math.min(20, Math.max(0, edge)), `near ${rank}`);
    }
    assert.deepEqual(range.lacking!([keys[0]!.id, id(77)]), [id(77)], 'held, though outside');
  });

  it('refuses reversed bounds', () => {
    const snapshot = new MemoryTree({ scheme: wideSum }).snapshot();
    const wrong = (): Snapshot =>
      subRange(snapshot, { hint: 2n, id: null }, { hint: 1n, id: null });
    assert.throws(wrong, { code: 'INVALID_BOUND' });
  });
});

function checkRange(range: Snapshot, inside: readonly ItemKey[], probe: Bound): void {
  assert.equal(range.size, inside.length);
  assert.deepEqual([...range.keys(0, range.size)], inside);
  const below = inside.filter((key) => compareBounds(key, probe) < 0).length;
  assert.equal(range.lowerBound(probe), below);
  const state = wideSum.empty();
  for (const key of inside.slice(below)) wideSum.add(state, key.id);
  assert.deepEqual(range.fingerprint(below, range.size), state);
  const ids = inside.slice(below).map((key) => key.id);
  assert.deepEqual(range.ids(below, range.size), concatBytes(...ids));
  assert.deepEqual(concatBytes(...range.idRuns!(below, range.size)), concatBytes(...ids));
  const lower = wideSum.empty();
  for (const key of inside.slice(0, below)) wideSum.add(lower, key.id);
  assert.deepEqual(range.fingerprints!([0, below, range.size]), [lower, state]);
  assert.ok(keys.every((key) => range.contains(key.id)));
  assert.throws(() => range.select(range.size), { code: 'RANK_OUT_OF_RANGE' });
  assert.throws(() => range.ids(0, range.size + 1), { code: 'RANK_OUT_OF_RANGE' });
}
