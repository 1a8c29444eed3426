import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { composite, sum256 } from '../../../../src/store/fingerprint/index.ts';
import { DurableTree } from '../../../../src/store/tree/level/index.ts';
import { countingScheme } from '../../../support/counting-scheme.ts';
import { assertProperty } from '../../../support/property.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { commit, durableTrees, keysOf } from './support.ts';

const setUp = durableTrees();
const COUNT = 200;

for (const leafItems of [4, 32]) {
  it(`a range has the fingerprint of its ids, with sums kept, in leaves of ${leafItems}`, () =>
    sumsAreRight(leafItems));
}

async function sumsAreRight(leafItems: number): Promise<void> {
  const scheme = composite([sum256, wideSum]);
  const { init, database } = await setUp({ cacheBytes: 1_000_000 });
  const tree = DurableTree.open({ ...init, scheme, leafItems });
  await commit(database, tree.prepare({ insert: keysOf(0, COUNT) }));
  assertFingerprints();
  await commit(database, tree.prepare({ remove: keysOf(50, 60), insert: keysOf(300, 310) }));
  assertFingerprints();

  function assertFingerprints(): void {
    const snapshot = tree.snapshot();
    const rank = fc.integer({ min: 0, max: COUNT });
    assertProperty(
      fc.property(rank, rank, fc.constantFrom(scheme, sum256, wideSum), (a, b, part) => {
        const [begin, end] = a < b ? [a, b] : [b, a];
        const expected = part.empty();
        part.add(expected, snapshot.ids(begin, end));
        const parted = snapshot.under(part);
        assert.deepEqual(parted.fingerprint(begin, end), expected);
        const cuts = [begin >> 1, begin, end];
        const before = parted.fingerprint(begin >> 1, begin);
        assert.deepEqual(parted.fingerprints(cuts), [before, expected]);
      }),
      { numRuns: 300 },
    );
    snapshot.release();
  }
}

it('a node that ranges cut twice needs no summaries any more: a cut reads one leaf', async () => {
  const { init, database } = await setUp();
  let reads = 0;
  const watched = new Proxy(database, {
    get(target, property) {
      if (property === 'getSync') reads++;
      const value = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { scheme, combined } = countingScheme(wideSum);
  const shape = { ...init, scheme, fanout: 64, cacheBytes: 1_000_000 };
  const writer = DurableTree.open(shape);
  await commit(database, writer.prepare({ insert: keysOf(0, COUNT) }));
  const snapshot = DurableTree.open({ ...shape, database: watched }).snapshot();
  const readsOf = (begin: number, end: number) => {
    const before = reads;
    snapshot.fingerprint(begin, end);
    return reads - before;
  };
  readsOf(101, COUNT);
  assert.ok(readsOf(101, COUNT) > COUNT / 10, 'the sums are made when they are asked for again');
  for (const cut of [1, 6, 99, 195]) assert.equal(readsOf(cut, COUNT), 1, `a cut at ${cut}`);
  assert.equal(readsOf(10, 150), 2);
  const before = combined();
  assert.equal(readsOf(11, 149), 0);
  assert.equal(combined() - before, 2, 'one sum for each end');
  snapshot.fingerprints([11, 101, 149]);
  assert.equal(combined() - before, 6, 'and for each end of a part');
});

it('a cut sums the ids from the nearest end of its leaf, or from the cut before it', async () => {
  const { init, database } = await setUp({ cacheBytes: 1_000_000 });
  const { scheme, ids } = countingScheme(wideSum);
  const tree = DurableTree.open({ ...init, scheme, leafItems: 64, fanout: 64 });
  await commit(database, tree.prepare({ insert: keysOf(0, COUNT) }));
  const snapshot = tree.snapshot();
  const summed = (begin: number, end: number) => {
    const before = ids();
    const state = snapshot.fingerprint(begin, end);
    const count = ids() - before;
    const expected = wideSum.empty();
    wideSum.add(expected, snapshot.ids(begin, end));
    assert.deepEqual(state, expected, `${begin} to ${end}`);
    return count;
  };
  const leaf = snapshot.edgeNear(70);
  const next = snapshot.edgeNear(leaf + 40);
  assert.ok(leaf >= 40 && next - leaf >= 48, `leaves of ${leaf} and ${next - leaf}`);
  for (let time = 0; time < 2; time++) summed(0, next);
  summed(2, next);
  assert.equal(summed(2, next), 2, 'a short way is not kept');
  assert.equal(summed(20, next), 20);
  assert.deepEqual([summed(20, next), summed(23, next), summed(16, next)], [0, 3, 4]);
  assert.equal(summed(3, next), 3, 'the end is closer');
  const late = next - 20;
  assert.equal(summed(0, late), 20);
  assert.deepEqual([summed(0, late), summed(0, late + 4), summed(0, late - 3)], [0, 4, 3]);
  assert.equal(summed(22, late + 1), 3, 'both ends of a range');
  snapshot.release();
});
