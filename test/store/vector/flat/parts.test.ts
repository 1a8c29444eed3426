import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareKeys, FlatVector, type ItemKey, sum256 } from '../../../../src/store/index.ts';
import { firstDisorder, keyAt } from '../../../../src/store/tree/index.ts';
import { runOf } from '../../../../src/store/tree/testing.ts';
import { orderOf } from '../../../../src/store/vector/flat/index.ts';
import {
  Blocks,
  PrefixSums,
  RunIdLookup,
  sortKeys,
} from '../../../../src/store/vector/flat/testing.ts';
import { SeededRandom } from '../../../support/random.ts';

const random = new SeededRandom('flat parts');

/** Keys in no order, some hints and some first words of ids alike. */
function keysOf(count: number): ItemKey[] {
  return Array.from({ length: count }, (_, i) => {
    const id = random.bytes(32);
    if (i % 3 === 0) id.fill(9, 0, 4);
    const hint = BigInt(id[31]! % 8) << (i % 2 === 0 ? 40n : 0n);
    return { hint, id };
  });
}

function filled(keys: readonly ItemKey[], blockKeys: number): Blocks {
  const blocks = new Blocks({ blockKeys });
  for (const { hint, id } of keys) blocks.push(hint, id);
  return blocks;
}

describe('keys in blocks', () => {
  const keys = keysOf(17);

  it('stand where they came, in a block and from one to the next', () => {
    for (const blockKeys of [1, 2, 8, 16, 32]) {
      for (const count of [0, 1, 7, 8, 9, 16, 17]) {
        const some = keys.slice(0, count);
        const blocks = filled(some, blockKeys);
        assert.equal(blocks.length, count);
        some.forEach((key, i) => {
          assert.deepEqual(keyAt(blocks.of(i), blocks.offsetOf(i)), key);
        });
        const run = blocks.concat();
        assert.deepEqual(
          some.map((_, i) => keyAt(run, i)),
          some,
          `${count} of ${blockKeys}`,
        );
        assert.equal(run.length, count);
      }
    }
  });

  it('come in any order to be sorted, from many blocks as from one', () => {
    const ordered = [...keys].sort(compareKeys);
    for (const blockKeys of [1, 4, 64]) {
      const run = sortKeys(filled(keys, blockKeys));
      assert.deepEqual(
        ordered.map((_, i) => keyAt(run, i)),
        ordered,
      );
      assert.equal(firstDisorder(run), 0);
    }
  });

  it('ascend only where every hint is above the one before it', () => {
    const ascends = (...hints: bigint[]): boolean =>
      filled(
        hints.map((hint) => ({ hint, id: new Uint8Array(32) })),
        2,
      ).ascending;
    assert.ok(ascends());
    assert.ok(ascends(0n));
    assert.ok(ascends(0n, 1n, 2n ** 40n));
    assert.ok(!ascends(0n, 0n));
    assert.ok(!ascends(3n, 2n, 4n), 'not again after a hint out of order');
  });

  it('lie in blocks of a power of two', () => {
    for (const blockKeys of [0, -2, 3, 12, 0.5, Number.NaN, 2 ** 31]) {
      assert.throws(() => new Blocks({ blockKeys }), { code: 'INVALID_SIZE' }, `${blockKeys}`);
      assert.throws(() => new FlatVector({ blockKeys }), { code: 'INVALID_SIZE' });
    }
  });

  it('make the same vector in blocks of any size', () => {
    const ordered = [...keys].sort(compareKeys);
    for (const input of [keys, ordered]) {
      const vector = new FlatVector({ blockKeys: 4 });
      for (const { hint, id } of input) vector.insert(hint, id);
      assert.equal(vector.size, 17);
      vector.seal();
      assert.equal(vector.size, 17);
      assert.deepEqual([...vector.snapshot().keys(0, 17)], ordered);
    }
  });
});

describe('the order of positions', () => {
  it('is that of the last column, then of the one before it, then of the comparison', () => {
    const low = Uint32Array.of(5, 1, 5, 0xffff_ffff, 5, 0);
    const high = Uint32Array.of(7, 7, 7, 1, 0x8000_0000, 7);
    const byNumber = (a: number, b: number) => b - a;
    assert.deepEqual([...orderOf(6, [low, high], byNumber)], [3, 5, 1, 2, 0, 4]);
    assert.deepEqual([...orderOf(0, [new Uint32Array(0)], byNumber)], []);
  });

  it('tells words apart by each of their bits', () => {
    for (let bit = 0; bit < 32; bit++) {
      const column = Uint32Array.of(2 ** bit, 0, 2 ** bit, 1);
      const order = orderOf(4, [column], (a, b) => a - b);
      const expected = bit === 0 ? [1, 0, 2, 3] : [1, 3, 0, 2];
      assert.deepEqual([...order], expected, `bit ${bit}`);
    }
  });
});

describe('sums of ids', () => {
  it('are those of sum256 for every range, around each sum that is kept and behind the last', () => {
    const ids = random.bytes(32 * 100);
    const sums = new PrefixSums(ids);
    for (let begin = 0; begin <= 100; begin++) {
      for (let end = begin; end <= 100; end++) {
        const expected = sum256.empty();
        sum256.add(expected, ids.subarray(32 * begin, 32 * end));
        assert.ok(Buffer.from(sums.between(begin, end)).equals(expected), `[${begin}, ${end})`);
      }
    }
    for (const cuts of [[0, 32, 64, 96, 100], [0, 33, 66, 67, 100, 100], [5, 60, 93], [7], []]) {
      const expected = cuts.slice(1).map((end, i) => sums.between(cuts[i]!, end));
      assert.deepEqual(sums.betweenAll(cuts), expected, cuts.join());
    }
  });

  it('carry over all words, and out of the highest', () => {
    const ids = new Uint8Array(32 * 70).fill(255);
    const sums = new PrefixSums(ids);
    for (const [begin, end] of [[0, 70] as const, [1, 64] as const, [31, 65] as const]) {
      const expected = sum256.empty();
      sum256.add(expected, ids.subarray(32 * begin, 32 * end));
      assert.deepEqual(sums.between(begin, end), expected);
    }
  });
});

describe('the lookup of ids', () => {
  it('finds each id, by scans and then from its index, also where first words are alike', () => {
    for (const count of [1, 63, 64, 65, 200]) {
      const keys = keysOf(count);
      const held = keys.map(({ id }) => id);
      const absent = held.map((id) => id.with(31, id[31]! ^ 1));
      const others = held.map((id) => id.with(0, id[0]! ^ 0x10));
      const lookup = new RunIdLookup(runOf(keys.toSorted(compareKeys)));
      for (let round = 0; round < 12; round++) {
        const at = (round * 17) % count;
        assert.deepEqual(lookup.lacking([held[at]!]), [], `round ${round} of ${count}`);
        assert.deepEqual(lookup.lacking([absent[at]!]), [absent[at]]);
        assert.deepEqual(lookup.lacking([others[at]!]), [others[at]]);
      }
      assert.deepEqual(lookup.lacking([...held, ...absent, ...held]), absent);
      assert.deepEqual(lookup.lacking([]), []);
    }
  });

  it('gives the lacking ids in their order, each as often as it is asked for', () => {
    const keys = keysOf(300);
    const lacking = [1, 2, 1].map((byte) => new Uint8Array(32).fill(byte));
    for (const asked of [lacking, [...lacking, ...keys.map(({ id }) => id)]]) {
      const lookup = new RunIdLookup(runOf(keys.toSorted(compareKeys)));
      assert.deepEqual(lookup.lacking(asked), lacking);
    }
  });
});
