import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FingerprintScheme } from '../../../src/store/index.ts';
import type { KeyRun } from '../../../src/store/tree/index.ts';
import { newRun, treeShape } from '../../../src/store/tree/index.ts';
import { type MemoryRef, memoryNodes } from '../../../src/store/tree/memory/testing.ts';
import {
  checkTree,
  insertInto,
  removeFrom,
  type TreeShape,
} from '../../../src/store/tree/testing.ts';
import { SeededRandom } from '../../support/random.ts';
import { wideSum } from '../../support/wide-sum.ts';

const shape = treeShape({ scheme: wideSum, leafItems: 16, fanout: 8 });
const FAR = 2 ** 40;

describe('packing', () => {
  it('fills leaves to the brim under ascending keys, one by one or in batches', () => {
    for (const batch of [1, 7, 100]) {
      assert.ok(fillOf(grow(ascending(2000), batch)) > 0.97, `in batches of ${batch}`);
    }
  });

  it('does so below items at a far-future hint', () => {
    for (const ahead of [1, 3, 40]) {
      const future = ascending(ahead).map((hint) => FAR + hint);
      for (const batch of [1, 7, 100]) {
        const root = grow(ascending(2000), batch, grow(future, 1000));
        assert.ok(fillOf(root) > 0.9, `${ahead} ahead, in batches of ${batch}: ${fillOf(root)}`);
      }
    }
  });

  it('does so in a gap in the middle, and under descending keys', () => {
    const sides = grow([...ascending(300), ...ascending(300).map((hint) => FAR + hint)], 1000);
    const middle = ascending(2000).map((hint) => 1000 + hint);
    assert.ok(fillOf(grow(middle, 1, sides)) > 0.9);
    assert.ok(fillOf(grow(ascending(2000).reverse(), 1)) > 0.9);
  });

  it('keeps leaves and inner nodes well filled under jittered and random keys', () => {
    const random = new SeededRandom('packing');
    const jittered = ascending(3000).map(
      (i) => i + 4096 * (i + Math.floor(random.fraction() * 30)),
    );
    const scattered = ascending(3000).map(() => Math.floor(random.fraction() * FAR));
    assert.equal(new Set(scattered).size, 3000);
    for (const batch of [1, 50]) {
      for (const hints of [jittered, scattered]) {
        const root = grow(hints, batch);
        assert.ok(fillOf(root) > 0.55, `leaves in batches of ${batch}: ${fillOf(root)}`);
        assert.ok(innerFillOf(root) > 0.45, `inner, in batches of ${batch}: ${innerFillOf(root)}`);
      }
    }
  });

  it('shrinks back to nothing, whatever goes first', () => {
    for (const order of [ascending(700), ascending(700).reverse(), shuffled(700)]) {
      let root: MemoryRef | null = grow(ascending(700), 100);
      for (let at = 0; at < order.length; at += 9) {
        const gone = order.slice(at, at + 9).sort((a, b) => a - b);
        root = removeFrom(shape, memoryNodes, root, runOfHints(gone));
        checkTree(shape, { reader: memoryNodes, root });
      }
      assert.equal(root, null);
    }
  });
});

describe('a write', () => {
  it('expands each new id once, and old ids only where a leaf is split', () => {
    let expanded = 0;
    const counting: FingerprintScheme = {
      ...wideSum,
      add(state, ids) {
        expanded += ids.length / 32;
        wideSum.add(state, ids);
      },
    };
    const counted = { ...shape, scheme: counting };
    const first = runOfHints(ascending(1000));
    const root = insertInto(counted, memoryNodes, null, first);
    assert.equal(expanded, 1000);
    expanded = 0;
    insertInto(counted, memoryNodes, root, runOfHints(ascending(2000).slice(1000)));
    assert.equal(expanded, 1000);
    expanded = 0;
    insertInto(counted, memoryNodes, root, runOfHints([500.5]));
    assert.equal(expanded, 8, 'the new one, and the smaller half of the full leaf it came to');
    expanded = 0;
    removeFrom(counted, memoryNodes, root, runOfHints([3, 4, 500, 999]));
    assert.equal(expanded, 4);
  });

  it('refuses keys out of order, held already, or not there, and changes nothing', () => {
    const root = grow([1, 2, 3, 4], 4);
    const insert = (hints: number[]) => () =>
      insertInto(shape, memoryNodes, root, runOfHints(hints));
    const remove = (hints: number[]) => () =>
      removeFrom(shape, memoryNodes, root, runOfHints(hints));
    assert.throws(insert([6, 5]), /must ascend/);
    assert.throws(insert([5, 5]), /must ascend/);
    assert.throws(insert([0, 3]), /\(3, [0-9a-f]{64}\) is in the tree already/);
    assert.throws(remove([2, 7]), /\(7, [0-9a-f]{64}\) is not in the tree/);
    assert.throws(remove([0]), RangeError);
    assert.throws(() => removeFrom(shape, memoryNodes, null, runOfHints([1])), RangeError);
    checkTree(shape, { reader: memoryNodes, root });
    assert.equal(root?.node.count, 4);
  });

  it('refuses node sizes that make no tree', () => {
    for (const size of [0, 1, 2.5, Number.NaN, 65536]) {
      assert.throws(() => treeShape({ scheme: wideSum, leafItems: size }), {
        code: 'INVALID_SIZE',
      });
      assert.throws(() => treeShape({ scheme: wideSum, fanout: size }), { code: 'INVALID_SIZE' });
    }
  });

  it('goes on with a tree whose nodes are larger or smaller than it makes them', () => {
    const small = treeShape({ scheme: wideSum, leafItems: 3, fanout: 3 });
    let root = grow(ascending(500), 500);
    root = grow(
      ascending(500).map((hint) => hint + 0.5),
      500,
      root,
      small,
      { fill: false },
    );
    root = removeFrom(small, memoryNodes, root, runOfHints(ascending(500)));
    checkTree(small, { reader: memoryNodes, root }, { fill: false });
    assert.equal(root?.node.count, 500);
  });
});

function ascending(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function shuffled(count: number): number[] {
  return ascending(count).map((i) => (i * 271) % count);
}

/** Inserts the hints in batches, checking the tree after each. */
function grow(
  hints: readonly number[],
  batch: number,
  from: MemoryRef | null = null,
  under: TreeShape = shape,
  options: { fill?: boolean } = {},
): MemoryRef | null {
  let root = from;
  for (let at = 0; at < hints.length; at += batch) {
    const sorted = hints.slice(at, at + batch).sort((a, b) => a - b);
    root = insertInto(under, memoryNodes, root, runOfHints(sorted));
    if (at % (7 * batch) === 0) checkTree(under, { reader: memoryNodes, root }, options);
  }
  checkTree(under, { reader: memoryNodes, root }, options);
  return root;
}

/** Keys with these hints; equal hints, and halves, get ids in order. */
function runOfHints(hints: readonly number[]): KeyRun {
  const run = newRun(hints.length);
  hints.forEach((hint, i) => {
    const whole = Math.floor(hint);
    run.hints[2 * i] = whole;
    run.hints[2 * i + 1] = Math.floor(whole / 2 ** 32);
    run.ids[32 * i + 31] = hint === whole ? 0 : 1;
  });
  return run;
}

function fillOf(root: MemoryRef | null): number {
  const { leaves } = countNodes(root!);
  return root!.node.count / (leaves * shape.leafItems);
}

function innerFillOf(root: MemoryRef | null): number {
  const { leaves, inners } = countNodes(root!);
  return (leaves + inners - 1) / (inners * shape.fanout);
}

function countNodes(ref: MemoryRef): { leaves: number; inners: number } {
  const { children } = ref.node;
  if (children === null) return { leaves: 1, inners: 0 };
  return children
    .map(countNodes)
    .reduce(
      (sum, { leaves, inners }) => ({ leaves: sum.leaves + leaves, inners: sum.inners + inners }),
      { leaves: 0, inners: 1 },
    );
}
