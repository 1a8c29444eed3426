import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  Announced,
  partsOf,
} from '../../../../../../src/protocol/reconcile/dialects/native/session/testing.ts';
import type { RankedRange } from '../../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type { Bound } from '../../../../../../src/store/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { contextOf, malformed, perform } from '../puppet.ts';

const random = new SeededRandom('pieces');
const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });
const range = (lower: number, upper: number): RankedRange => ({
  lower: at(lower),
  upper: at(upper),
  begin: 0,
  end: 0,
});

describe('a range that comes in full', () => {
  const out = malformed(/a piece lies out of its range/);

  function incoming() {
    const context = contextOf({ keys: keysOf(1, 5) });
    const announced = new Announced();
    return {
      announced,
      begin: (lower: number, upper: number) => {
        announced.push([range(lower, upper)]);
        announced.all();
      },
      ledger: context.ledger,
      piece: (upper: number | null, count = 1) =>
        perform(
          context,
          announced.piece(
            upper === null ? null : at(upper),
            random.bytes(32 * count),
            context.ledger,
          ),
        ),
    };
  }

  it('has no piece that reaches to its end, or past it, but the last', () => {
    for (const upper of [20, 21, 1_000]) {
      const { begin, piece, ledger } = incoming();
      begin(10, 20);
      piece(19);
      assert.throws(() => piece(upper), out, 'a piece may not reach past its range');
      assert.equal(ledger.theirs, 1, 'ids of a piece that lies outside do not count');
    }
  });

  it('has no piece at or below its begin, or where the piece before it ended', () => {
    for (const upper of [9, 10]) {
      const { begin, piece } = incoming();
      begin(10, 20);
      assert.throws(() => piece(upper), out);
    }
    for (const upper of [11, 14, 15]) {
      const { begin, piece } = incoming();
      begin(10, 20);
      piece(15);
      assert.throws(() => piece(upper), out);
      piece(16);
    }
  });

  it('is open until its last piece, and no more after it, twice in a row', () => {
    const { announced, begin, piece, ledger } = incoming();
    const lowers = () => [...announced.ranges()].map(({ lower }) => lower);
    const closed = malformed(/a range that is not open/);
    assert.throws(() => piece(null), closed);
    for (const [lower, upper] of [
      [10, 20],
      [30, 40],
    ] as const) {
      begin(lower, upper);
      assert.deepEqual(lowers(), [at(lower)]);
      piece(lower + 5);
      assert.deepEqual(lowers(), [at(lower + 5)], 'the ids below it are settled');
      assert.equal(announced.receiving, true);
      piece(null, 2);
      assert.equal(announced.receiving, false);
      assert.deepEqual(lowers(), []);
      assert.throws(() => piece(null), closed);
    }
    assert.equal(ledger.theirs, 6);
  });

  it('may be empty in its last piece alone', () => {
    const { announced, begin, piece } = incoming();
    begin(10, 20);
    assert.throws(() => piece(15, 0), malformed(/a piece of nothing/));
    piece(null, 0);
    assert.equal(announced.receiving, false);
  });
});

describe('the ranges that a side has announced', () => {
  const ranges = (...lowers: number[]) => lowers.map((lower) => range(lower, lower + 1));
  const lowersOf = (some: Iterable<{ lower: Bound }>) =>
    [...some].map(({ lower }) => Number(lower.hint));

  it('are answered in order, as many as there are and not one more', () => {
    const announced = new Announced();
    announced.push(ranges(1, 2, 3));
    announced.push(ranges(4));
    assert.throws(() => announced.shift(5), malformed(/answers 5 ranges, and 4 are open/));
    assert.deepEqual(lowersOf(announced.shift(1)), [1]);
    assert.equal(announced.size, 3);
    assert.throws(() => announced.shift(4), malformed(/answers 4 ranges, and 3 are open/));
    assert.deepEqual(lowersOf(announced.shift(3)), [2, 3, 4]);
    assert.equal(announced.size, 0);
    assert.throws(() => announced.shift(1), malformed(/answers 1 ranges, and 0 are open/));
  });

  it('stay in order when some come back to be answered next, again and again', () => {
    const announced = new Announced();
    announced.push(ranges(1, 2, 3, 4, 5, 6, 7));
    assert.deepEqual(lowersOf(announced.shift(2)), [1, 2]);
    announced.unshift(ranges(10, 11));
    assert.deepEqual(lowersOf(announced.ranges()), [10, 11, 3, 4, 5, 6, 7]);
    assert.deepEqual(lowersOf(announced.shift(3)), [10, 11, 3]);
    announced.unshift(ranges(20));
    assert.deepEqual(lowersOf(announced.shift(1)), [20]);
    assert.deepEqual(lowersOf(announced.shift(4)), [4, 5, 6, 7]);
  });

  it('that were taken are open until the group is complete, and a group has one at least', () => {
    const announced = new Announced();
    announced.push(ranges(1, 2, 3, 4));
    assert.throws(() => announced.group(), malformed(/a group of no ranges/));
    announced.take(2);
    announced.take(1);
    assert.equal(announced.size, 4, 'members of a group in the making count');
    assert.deepEqual(lowersOf(announced.ranges()), [4, 1, 2, 3]);
    assert.deepEqual(lowersOf(announced.group()), [1, 2, 3]);
    assert.equal(announced.size, 1);
    assert.throws(() => announced.group(), malformed(/a group of no ranges/));
  });

  const part = (upper: Bound | null) => ({ upper, count: 1, digest: random.bytes(5) });
  const split = (...uppers: (number | null)[]) =>
    partsOf(
      { ...range(10, 20), cluster: { differences: 7 } },
      { tag: 'split', parts: uppers.map((upper) => part(upper === null ? null : at(upper))) },
    );

  it('are cut within their bounds, up to the last hint and not at it', () => {
    const parts = split(11, 19, null);
    assert.deepEqual(
      parts.map(({ lower, upper }) => [lower.hint, upper.hint]),
      [
        [10n, 11n],
        [11n, 19n],
        [19n, 20n],
      ],
    );
    assert.ok(parts.every(({ cluster }) => cluster?.differences === 7));
    for (const uppers of [
      [10, null],
      [9, null],
      [20, null],
      [21, null],
      [15, 15, null],
      [15, 14, null],
    ]) {
      assert.throws(() => split(...uppers), malformed(/a split reaches out of its range/));
    }
  });

  const cut = (shift: number, ...steps: bigint[]) =>
    partsOf(range(10, 20), {
      ...{ tag: 'cut', count: 100, shift, steps },
      digests: Uint8Array.from({ length: 3 * (steps.length + 1) }, (_, i) => i),
    });

  it('are cut at hints in units, from the unit of their lower bound on', () => {
    const parts = cut(2, 1n, 1n);
    assert.deepEqual(
      parts.map(({ lower, upper }) => [lower.hint, upper.hint]),
      [
        [10n, 12n],
        [12n, 16n],
        [16n, 20n],
      ],
    );
    assert.deepEqual(
      parts.map(({ theirs, rough, digest }) => [theirs, rough, [...digest!]]),
      [
        [33, true, [0, 1, 2]],
        [33, true, [3, 4, 5]],
        [34, true, [6, 7, 8]],
      ],
    );
    for (const steps of [[10n], [11n], [4n, 6n], [3n, 2n ** 63n]]) {
      assert.throws(() => cut(0, ...steps), malformed(/a split reaches out of its range/));
    }
    assert.throws(() => cut(0, 2n ** 64n - 1n), malformed(/a bound lies past infinity/));
    assert.throws(() => cut(63, 2n), malformed(/a bound lies past infinity/));
    assert.throws(() => cut(63, 1n), malformed(/a split reaches out of its range/));
  });
});
