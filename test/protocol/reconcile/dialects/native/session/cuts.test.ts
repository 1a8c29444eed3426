import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cutDigest,
  hintCuts,
  partsOf,
} from '../../../../../../src/protocol/reconcile/dialects/native/session/testing.ts';
import { UnionSnapshot, WriteBuffer } from '../../../../../../src/store/buffer/index.ts';
import { lthash, MemoryTree } from '../../../../../../src/store/index.ts';
import { runOf } from '../../../../../../src/store/tree/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { Judge } from '../judge.ts';
import { snapshotOf } from '../support.ts';

const keys = keysOf(21, 16 * 600);
const whole = { begin: 0, end: keys.length };
const bounds = (lower: bigint, upper: bigint) => ({
  lower: { hint: lower, id: null },
  upper: { hint: upper, id: null },
});
const range = { ...whole, ...bounds(5n, 2n ** 64n - 1n) };
/** The same ids, with hints made of their ranks. */
const hinted = (hintOf: (rank: number) => number) =>
  keys.map(({ id }, rank) => ({ id, hint: BigInt(hintOf(rank)) }));

/** The keys, of which a tree has those at some ranks, and a write buffer the others. */
function buffered(isInTree: (rank: number) => boolean): UnionSnapshot {
  const init = { scheme: lthash };
  const [inTree, others] = [true, false].map((held) =>
    keys.filter((_, rank) => isInTree(rank) === held),
  );
  const tree = MemoryTree.fromSorted(init, inTree!).snapshot();
  return new UnionSnapshot({ tree, buffer: WriteBuffer.of(init, runOf(others!)) });
}

describe('cuts by hints', () => {
  it('lie between neighbours, in the coarsest unit that does for all', () => {
    const snapshot = snapshotOf(keys);
    const { ends, units, shift } = hintCuts(snapshot, range)!;
    assert.deepEqual([ends.length, units.length, ends.at(-1)], [16, 15, keys.length]);
    for (const [at, unit] of units.entries()) {
      const hint = unit << BigInt(shift);
      assert.equal(snapshot.lowerBound({ hint, id: null }), ends[at]);
    }
    assert.equal(shift, 4, 'bounds are 6,000 apart, from a multiple of it on');
    const wide = hintCuts(snapshotOf(hinted((rank) => rank << 10)), range)!;
    assert.equal(wide.shift, 10 + 3, 'every 600th rank is a multiple of 8');
  });

  it('lie at edges of leaves near by, whose sums are kept', () => {
    const snapshot = MemoryTree.fromSorted({ scheme: lthash }, keys).snapshot();
    const { ends } = hintCuts(snapshot, range)!;
    for (const end of ends) assert.equal(snapshot.edgeNear(end), end);
  });

  for (const inTree of [0, 10, 1_000, 4_000]) {
    it(`are about even where a write buffer holds all but ${inTree} items`, () => {
      const snapshot = buffered((rank) => rank < inTree);
      const { ends, units } = hintCuts(snapshot, range)!;
      for (const [at, end] of ends.entries()) {
        assert.ok(Math.abs(end - 600 * (at + 1)) <= 150, `part ${at} ends at ${end}`);
        assert.ok(at === 0 || at === units.length || units[at]! > units[at - 1]!);
      }
    });
  }

  it('move to a place where hints change, and are none where too many are equal', () => {
    const few = hintCuts(snapshotOf(hinted((rank) => Math.floor(rank / 50))), range)!;
    assert.ok(few.ends.slice(0, -1).every((end) => end % 50 === 0));
    assert.equal(hintCuts(snapshotOf(hinted(() => 7)), range), null);
    const half = snapshotOf(hinted((rank) => Math.max(0, rank - keys.length / 2)));
    assert.equal(hintCuts(half, range), null);
  });

  it('are none in a range of 512 items for each part, or fewer', () => {
    const snapshot = snapshotOf(keys);
    assert.equal(hintCuts(snapshot, { ...range, end: 16 * 512 }), null);
    assert.notEqual(hintCuts(snapshot, { ...range, end: 16 * 512 + 1 }), null);
  });
});

describe('a cut', () => {
  const limits = { maxRangeItems: 1_000 };
  const ask = (init: Partial<ConstructorParameters<typeof Judge>[0]> = {}) => {
    const judge = new Judge({ keys, limits, ...init });
    const [record] = judge.compare(judge.range(0, keys.length, keys.length));
    return { judge, record: record! };
  };

  it('announces the parts that its receiver makes of it', () => {
    const { judge, record } = ask();
    assert.ok(record.tag === 'cut');
    assert.equal(record.count, keys.length);
    const { lower, upper } = judge.range(0, keys.length, null);
    const parts = partsOf({ ...whole, lower, upper }, record);
    for (const [at, { begin, end, ...announced }] of judge.announced.entries()) {
      const { lower, upper, digest } = parts[at]!;
      assert.deepEqual(announced, { lower, upper });
      assert.deepEqual(digest, cutDigest(judge.context, begin, end));
      assert.equal(judge.context.snapshot.lowerBound(lower), begin);
    }
  });

  it('is a split where one side surveys, in a cluster, and in version 2', () => {
    assert.equal(ask().record.tag, 'cut');
    assert.equal(ask({ version: 2 }).record.tag, 'split');
    const settles = { ours: true, theirs: false };
    assert.equal(ask({ settles }).record.tag, 'split');
    const judge = new Judge({ keys, limits });
    const cluster = { differences: 4 };
    const [record] = judge.compare(judge.range(0, keys.length, keys.length, cluster));
    assert.equal(record!.tag, 'split');
  });

  it('is compared without counts: their difference in all is shared by the parts that differ', () => {
    const { record } = ask();
    assert.ok(record.tag === 'cut');
    // The receiver lacks 60 items of the second part and 20 of the third.
    const held = keys.filter((_, i) => !((i >= 700 && i < 760) || (i >= 1_300 && i < 1_320)));
    const other = new Judge({ keys: held });
    const { lower, upper } = other.range(0, held.length, null);
    const said = other.compare(...partsOf({ begin: 0, end: held.length, lower, upper }, record));
    const tags = said.map(({ tag }) => tag);
    assert.deepEqual(tags, ['same', 'take', 'same', 'sketch']);
    const sketch = said[3]!;
    assert.ok(sketch.tag === 'sketch');
    // 80 differences are expected, 40 in each of two parts.
    assert.equal(sketch.symbols.length / 6, Math.ceil(1.2 * 80 + 3 * Math.sqrt(80)));
  });
});
