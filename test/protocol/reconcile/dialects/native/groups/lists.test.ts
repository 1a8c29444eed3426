import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  listEntries,
  SketchGroup,
} from '../../../../../../src/protocol/reconcile/dialects/native/groups/index.ts';
import {
  findPrefixes,
  idsAt,
  matchList,
  nameOf,
  namesOf,
  peel,
  prefixesOf,
  takeSides,
} from '../../../../../../src/protocol/reconcile/dialects/native/groups/testing.ts';
import { Meter } from '../../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import {
  boundAt,
  RANK_COST,
} from '../../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import {
  codingReference,
  type ItemKey,
  symbolsThrough,
} from '../../../../../../src/store/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { contextOf, perform } from '../puppet.ts';
import { snapshotOf } from '../support.ts';
import { rangeOf } from './group-bench.ts';

const keys = keysOf(11, 300);
const context = contextOf({ keys });
const groupOf = (...ranges: [number, number][]): SketchGroup => {
  const group = new SketchGroup(
    ranges.map(([begin, end]) => rangeOf(begin, end)),
    'wide',
  );
  perform(context, group.read(context, true));
  return group;
};
/** A group whose short ids are made by hand, from pairs of the high and the low word. */
const handmade = (...pairs: [high: number, low: number][]): SketchGroup => {
  const group = groupOf([0, pairs.length]);
  pairs.forEach(([high, low], i) => {
    [group.shorts[2 * i], group.shorts[2 * i + 1]] = [low, high];
  });
  return group;
};
const shortsOf = (...pairs: [high: number, low: number][]) =>
  Uint32Array.from(pairs.flatMap(([high, low]) => [low, high]));
const finish = <Result>(work: Generator<unknown, Result>): Result => {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value as Result;
  }
};

describe('a list of short ids', () => {
  it('is of the smallest width at which no two are equal, and ids where none will do', () => {
    const width = (...pairs: [number, number][]) =>
      listEntries(handmade(...pairs), context, false).width;
    assert.equal(width([1, 0], [2, 0]), 4);
    assert.equal(width([1, 0x01_000000], [1, 0x02_000000]), 5);
    assert.equal(width([1, 0x01_000001], [1, 0x01_000002]), 8);
    assert.equal(width([1, 2], [1, 2]), 32);
    assert.equal(
      listEntries(groupOf([0, 3]), context, true).width,
      32,
      'ids when nearly all differ',
    );
  });

  it('is of four bytes up to 256 entries', () => {
    assert.equal(listEntries(groupOf([0, 256]), context, false).width, 4);
    assert.equal(listEntries(groupOf([0, 257]), context, false).width, 5);
  });

  it('lists the ids of all its ranges in order', () => {
    const { entries } = listEntries(groupOf([5, 7], [20, 21]), context, true);
    const ids = [keys[5]!, keys[6]!, keys[20]!].map(({ id }) => id);
    assert.deepEqual(Buffer.from(entries), Buffer.concat(ids));
    assert.deepEqual(
      Buffer.from(finish(idsAt(groupOf([5, 7], [20, 21]), context, [2, 0]))),
      Buffer.concat([ids[2]!, ids[0]!]),
    );
    assert.throws(() => groupOf([5, 7]).idAt(context, 2), {
      name: 'RangeError',
      message: /no item 2/,
    });
  });

  it('looks up as many ids in a slice as fit its share, since each takes as long as many read in a row', () => {
    const meter = new Meter(2 * RANK_COST);
    const group = groupOf([0, 5]);
    const work = idsAt(group, { ...context, meter }, [4, 3, 2, 1, 0]);
    let slices = 0;
    let step = work.next();
    for (; step.done !== true; step = work.next()) {
      assert.equal(step.value, 'slice');
      meter.refill();
      slices++;
    }
    assert.equal(slices, 2, 'two, two and one');
    const ids = [4, 3, 2, 1, 0].map((rank) => keys[rank]!.id);
    assert.deepEqual(Buffer.from(step.value), Buffer.concat(ids));
  });

  it('tells both sides apart by names that no two entries share', () => {
    const group = groupOf([0, 6]);
    for (const width of [4, 5, 8, 32]) {
      const theirs = groupOf([2, 9]);
      const entries =
        width === 32
          ? listEntries(theirs, context, true).entries
          : prefixesOf(theirs.shorts, width);
      assert.deepEqual(matchList({ width, entries }, group, context), {
        mine: [0, 1],
        theirs: [4, 5, 6],
      });
    }
    assert.equal(nameOf(Uint8Array.of(1, 2, 3, 4, 5)), 0x0102030405);
    assert.equal(typeof nameOf(new Uint8Array(6).fill(255)), 'number');
    assert.equal(typeof nameOf(new Uint8Array(7)), 'string');
    assert.deepEqual(namesOf(Uint8Array.of(0, 1, 1, 0), 2), [1, 256]);
  });
});

describe('prefixes of short ids', () => {
  it('are their bytes, the highest first', () => {
    const [shorts] = [shortsOf([0x01020304, 0x05060708])];
    for (const width of [2, 4, 5, 8]) {
      assert.deepEqual([...prefixesOf(shorts!, width)], [1, 2, 3, 4, 5, 6, 7, 8].slice(0, width));
    }
  });

  const widthOf = (difference: [number, number][], own: [number, number][]): number => {
    const work = takeSides(shortsOf(...difference), shortsOf(...own), new Meter(1e6));
    return finish(work).width;
  };

  it('are as wide as tells each from all that the other side has', () => {
    const A: [number, number] = [0xaabbccdd, 0x11223344];
    assert.equal(widthOf([A], [[0x01020304, 5]]), 2);
    assert.equal(widthOf([A], [[0xaabc0000, 5]]), 2, '15 bits in common');
    assert.equal(widthOf([A], [[0xaabb0000, 5]]), 3, '16 bits in common');
    assert.equal(widthOf([A], [[0xaabbcc00, 5]]), 4);
    assert.equal(widthOf([A], [[0xaabbccdd, 0xff223344]]), 5);
    assert.equal(widthOf([A], [[0xaabbccdd, 0x11ff3344]]), 6);
    assert.equal(widthOf([A], [[0xaabbccdd, 0x1122ff44]]), 7);
    assert.equal(widthOf([A], [[0xaabbccdd, 0x11223345]]), 8);
    assert.equal(widthOf([A, [0xaabbcc00, 1]], []), 4, 'two of theirs are told apart as well');
    assert.equal(widthOf([[0xaabbcc00, 1], A, [0x33445566, 1]], []), 4);
    // The one of ours among the difference is none that is asked for.
    assert.equal(widthOf([A], [A, [0xaabbcc00, 1]]), 2);
  });

  it('are whole where more than sixteen begin alike', () => {
    const alike = (count: number): [number, number][] =>
      Array.from({ length: count }, (_, i) => [(0xaabb0000 + (i << 8)) >>> 0, 0]);
    // 16 bits and up to 8 more in common.
    assert.equal(widthOf(alike(17), []), 3);
    assert.equal(widthOf(alike(18), []), 8);
  });

  it('find the item they begin, each the first, and nothing where none does', () => {
    const own = shortsOf([0xaabbccdd, 1], [0x01020304, 1], [0xaabbcc00, 2], [0xaabb0000, 3]);
    const found = (...prefixes: number[][]) =>
      finish(
        findPrefixes(Uint8Array.from(prefixes.flat()), prefixes[0]!.length, own, new Meter(1e6)),
      );
    assert.deepEqual(found([0xaa, 0xbb]), [0]);
    assert.deepEqual(found([0xaa, 0xba]), [], 'few prefixes share their chains with other items');
    assert.deepEqual(found([0xaa, 0xbb, 0xcc]), [0]);
    assert.deepEqual(found([0xaa, 0xbb, 0xcc, 0]), [2]);
    assert.deepEqual(found([1, 2], [0xaa, 0xbb], [7, 7]), [1, 0]);
    assert.deepEqual(found([0xaa, 0xbb, 0], [0xaa, 0xbb, 0xcc], [0xaa, 0xbb, 1]), [3, 0]);
    assert.deepEqual(
      found([0xaa, 0xbb, 0xcc, 0xdd, 0, 0, 0, 1], [0xaa, 0xbb, 0xcc, 0xdd, 0, 0, 0, 2]),
      [0],
    );
  });

  it('let go of the turn between batches, and count an eighth of the words as items', () => {
    const meter = new Meter(1);
    const own = new Uint32Array(2 * 65_536 + 2);
    own.set([5, 6], own.length - 2);
    for (const work of [
      () => takeSides(shortsOf([6, 5]), own, meter),
      () => findPrefixes(Uint8Array.of(0, 0, 0, 6, 0, 0, 0, 5), 8, own, meter),
    ]) {
      meter.refill();
      const before = meter.visited;
      const turns = [
        ...(function* () {
          yield* work();
        })(),
      ];
      assert.deepEqual(turns, ['slice', 'slice']);
      assert.equal(meter.visited - before, 2 * 8_192);
    }
    assert.deepEqual(finish(takeSides(shortsOf([6, 5]), own, new Meter(1))).mine, [65_536]);
    const last = findPrefixes(Uint8Array.of(0, 0, 0, 6, 0, 0, 0, 5), 8, own, new Meter(1));
    assert.deepEqual(finish(last), [65_536]);
  });
});

describe('peeling', () => {
  /** The symbols of what differs between nothing and some items. */
  const cellsOf = (count: number, block: number) => {
    const { shorts } = groupOf([0, count]);
    const cells = new Uint32Array(2 * symbolsThrough(block));
    codingReference.toggle(cells, shorts, { begin: 0, end: count, first: 0, last: block });
    return { cells, shorts };
  };
  const pairsOf = (shorts: Uint32Array) =>
    Array.from(
      { length: shorts.length / 2 },
      (_, i) => `${shorts[2 * i]} ${shorts[2 * i + 1]}`,
    ).sort();

  it('finds each item once, from as many symbols as suffice', () => {
    for (const count of [0, 1, 2, 20]) {
      const { cells, shorts } = cellsOf(count, 6);
      assert.deepEqual(pairsOf(peel(cells, 127)!), pairsOf(shorts));
    }
    // Symbols that come late do not count, nor do those that are not there.
    const { cells, shorts } = cellsOf(20, 6);
    assert.deepEqual(pairsOf(peel(cells.slice(), 60)!), pairsOf(shorts));
    assert.equal(peel(cells, 15), null);
  });

  it('goes on where a block begins: one symbol more spoils nothing', () => {
    let decoded = 0;
    for (let from = 0; from < 300; from += 5) {
      const { shorts } = groupOf([from, from + 5]);
      const cells = new Uint32Array(2 * symbolsThrough(5));
      codingReference.toggle(cells, shorts, { begin: 0, end: 5, first: 0, last: 5 });
      for (const symbols of [1, 3, 7, 15, 31]) {
        const alone = peel(cells.slice(0, 2 * symbols), symbols);
        assert.deepEqual(
          peel(cells.slice(), symbols),
          alone,
          'symbols that come later say nothing',
        );
        if (alone === null) continue;
        decoded++;
        assert.deepEqual(pairsOf(peel(cells.slice(), symbols + 1)!), pairsOf(shorts));
      }
    }
    assert.ok(decoded > 60, `${decoded} groups decoded`);
  });

  it('takes no symbol for an item whose check is wrong, or that does not belong there', () => {
    const { cells } = cellsOf(1, 3);
    const wrong = cells.slice();
    for (let i = 0; i < wrong.length; i += 2) if (wrong[i] !== 0) wrong[i]! ^= 1;
    assert.equal(peel(wrong, 15), null);
    const moved = new Uint32Array(2 * 15);
    const empty = [...Array(15).keys()].find(
      (i) => i > 0 && cells[2 * i] === 0 && cells[2 * i + 1] === 0,
    )!;
    moved.set(cells.subarray(0, 2), 2 * empty);
    assert.equal(peel(moved, 15), null);
  });

  it('finds no more than there are symbols', () => {
    // A single symbol that holds an item is that item; two items in it are none.
    assert.equal(peel(cellsOf(1, 0).cells, 1)?.length, 2);
    assert.equal(peel(cellsOf(2, 0).cells, 1), null);
  });
});

describe('the bound between two neighbours', () => {
  const between = (...pairs: [hint: bigint, id: number[]][]) => {
    const items: ItemKey[] = pairs.map(([hint, id]) => {
      const bytes = new Uint8Array(32);
      bytes.set(id);
      return { hint, id: bytes };
    });
    const bound = boundAt(snapshotOf(items), 1);
    return [bound.hint, bound.id === null ? null : [...bound.id]];
  };

  it('is a hint where hints differ, and as much of an id as tells them apart where not', () => {
    assert.deepEqual(between([5n, [1]], [6n, [3]]), [6n, null]);
    assert.deepEqual(between([5n, [1]], [5n, [2]]), [5n, [2]]);
    assert.deepEqual(between([5n, [7, 1]], [5n, [7, 3, 9]]), [5n, [7, 3]]);
    const id = new SeededRandom(1).bytes(32);
    id[31] = 1;
    const next = id.slice();
    next[31] = 2;
    assert.deepEqual(between([5n, [...id]], [5n, [...next]]), [5n, [...next]]);
  });
});
