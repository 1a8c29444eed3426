import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { treeShape } from '../../../src/store/tree/index.ts';
import { type MemoryRef, memoryNodes } from '../../../src/store/tree/memory/testing.ts';
import type { NodeReader } from '../../../src/store/tree/testing.ts';
import {
  copyIds,
  countBelow,
  insertInto,
  leafEdge,
  leafRanges,
  lowerBound,
  rangeState,
  runOf,
  select,
  splitStates,
  type TreeView,
} from '../../../src/store/tree/testing.ts';
import { countingScheme } from '../../support/counting-scheme.ts';
import { wideSum } from '../../support/wide-sum.ts';

const LEAF = 4;
const COUNT = 50;
const EMPTY: TreeView<MemoryRef> = { reader: memoryNodes, root: null };

/** Keys with the hints 10, 20, ... in leaves of four, the last of them half full. */
const keys = Array.from({ length: COUNT }, (_, i) => ({
  hint: 10n * BigInt(i + 1),
  id: new Uint8Array(32).fill(i + 1),
}));
const root = insertInto(
  treeShape({ scheme: wideSum, leafItems: LEAF, fanout: 3 }),
  memoryNodes,
  null,
  runOf(keys),
);
const view: TreeView<MemoryRef> = { reader: memoryNodes, root };
const cuts = edgesOf(view);

describe('reading a tree', () => {
  it('has leaves of several sizes, three levels down', () => {
    assert.ok(root!.node.level >= 2);
    assert.ok(cuts.length > COUNT / LEAF);
  });

  it('counts the keys that a condition holds for, from none to all, and tells it their ranks', () => {
    for (let below = 0; below <= COUNT; below++) {
      const count = countBelow(view, (key, rank) => {
        assert.deepEqual(key, keys[rank], 'the condition is told the rank of the key');
        return rank < below;
      });
      assert.equal(count, below);
    }
    assert.equal(
      countBelow(EMPTY, () => true),
      0,
    );
  });

  it('finds the first key at or above a bound: at a key, right below and right above it', () => {
    for (let rank = 0; rank < COUNT; rank++) {
      const { hint, id } = keys[rank]!;
      assert.equal(lowerBound(view, { hint, id }), rank);
      assert.equal(lowerBound(view, { hint, id: null }), rank);
      assert.equal(lowerBound(view, { hint, id: id.with(31, id[31]! + 1) }), rank + 1);
      assert.equal(lowerBound(view, { hint: hint - 1n, id: new Uint8Array(32).fill(255) }), rank);
      assert.deepEqual(select(view, rank), keys[rank]);
    }
    assert.equal(lowerBound(EMPTY, { hint: 1n, id: null }), 0);
  });

  it('finds the nearest end of a leaf, the one behind from the middle on', () => {
    for (let rank = 0; rank <= COUNT; rank++) {
      const left = cuts.findLast((cut) => cut <= rank)!;
      const right = cuts.find((cut) => cut >= rank)!;
      const nearest = rank - left < (right - left) / 2 ? left : right;
      assert.equal(leafEdge(view, rank), nearest, `near ${rank}`);
    }
    assert.equal(leafEdge(EMPTY, 0), 0);
  });

  it('gives the leaves of a range and no others, none of them empty, and reads no others', () => {
    eachRange((begin, end) => {
      const { reader, leaves } = counting();
      const ranges = [...leafRanges({ reader, root }, begin, end)];
      assert.ok(ranges.every((range) => range.begin < range.end));
      const touched = begin === end ? 0 : leavesTouched(begin, end);
      assert.deepEqual([ranges.length, leaves()], [touched, touched], `[${begin}, ${end})`);
      assert.deepEqual(copyIds(view, begin, end), runOf(keys.slice(begin, end)).ids);
    });
  });
});

describe('the state of a range of ranks', () => {
  it('adds the ids of at most half a leaf at either end', () => {
    eachRange((begin, end) => {
      const { scheme, ids } = countingScheme(wideSum);
      const state = rangeState(scheme, view, begin, end);
      const expected = wideSum.empty();
      wideSum.add(expected, runOf(keys.slice(begin, end)).ids);
      assert.deepEqual(state, expected);
      assert.ok(ids() <= LEAF, `${ids()} ids for [${begin}, ${end})`);
    });
  });

  it('opens a leaf only where an end of the range lies within it', () => {
    eachRange((begin, end) => {
      const { reader, leaves } = counting();
      rangeState(wideSum, { reader, root }, begin, end);
      const expected = begin === end ? 0 : leavesWithin([begin, end]);
      assert.equal(leaves(), expected, `[${begin}, ${end})`);
    });
  });
});

describe('the states between many cuts', () => {
  it('are those of each range, and open a leaf only where a cut goes through it', () => {
    for (const through of someCuts()) {
      const { reader, leaves } = counting();
      const { scheme, ids } = countingScheme(wideSum);
      const states = splitStates(scheme, { reader, root }, through);
      const expected = through.slice(1).map((end, i) => {
        const state = wideSum.empty();
        wideSum.add(state, runOf(keys.slice(through[i]!, end)).ids);
        return state;
      });
      assert.deepEqual(states, expected, through.join());
      assert.equal(leaves(), leavesWithin(through), `leaves opened for ${through}`);
      assert.ok(ids() <= LEAF * leaves());
    }
  });

  it('read nothing where there is nothing between them', () => {
    const unread: NodeReader<MemoryRef> = {
      node: () => assert.fail('a node was read'),
      summary: () => assert.fail('a summary was read'),
    };
    assert.deepEqual(splitStates(wideSum, { reader: unread, root }, [7, 7]), [wideSum.empty()]);
    assert.deepEqual(splitStates(wideSum, EMPTY, [0, 0]), [wideSum.empty()]);
    assert.deepEqual(rangeState(wideSum, { reader: unread, root }, 7, 7), wideSum.empty());
  });
});

function eachRange(visit: (begin: number, end: number) => void): void {
  for (let begin = 0; begin <= COUNT; begin++) {
    for (let end = begin; end <= COUNT; end++) visit(begin, end);
  }
}

/** Cuts at, right before and right behind the ends of leaves, alone and many at a time, and twice. */
function* someCuts(): Iterable<number[]> {
  yield cuts;
  yield [...cuts, ...cuts].sort((a, b) => a - b);
  for (let from = 0; from < COUNT; from++) {
    for (const width of [1, 2, 3, LEAF, 7]) {
      const ranks = [from, from + 1, from + width, from + 3 * width];
      yield ranks.map((rank) => Math.min(rank, COUNT)).sort((a, b) => a - b);
    }
  }
}

/** The ranks at which leaves begin, and the count of all. */
function edgesOf({ reader }: TreeView<MemoryRef>): number[] {
  const edges = [0];
  const visit = (ref: MemoryRef): void => {
    const { children, count } = reader.node(ref);
    if (children === null) edges.push(edges.at(-1)! + count);
    else children.forEach(visit);
  };
  visit(root!);
  return edges;
}

function leavesTouched(begin: number, end: number): number {
  return cuts.slice(1).filter((edge, i) => cuts[i]! < end && edge > begin).length;
}

/** How many leaves have one of `ranks` between two of their items. */
function leavesWithin(ranks: readonly number[]): number {
  const inside = (edge: number, i: number) => ranks.some((r) => cuts[i]! < r && r < edge);
  return cuts.slice(1).filter(inside).length;
}

function counting(): { reader: NodeReader<MemoryRef>; leaves: () => number } {
  const seen = new Set<MemoryRef>();
  const reader: NodeReader<MemoryRef> = {
    node: (ref) => {
      if (ref.node.children === null) seen.add(ref);
      return ref.node;
    },
    summary: (ref) => ref.summary,
  };
  return { reader, leaves: () => seen.size };
}
