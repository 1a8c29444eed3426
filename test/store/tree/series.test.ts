import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newRun, treeShape } from '../../../src/store/tree/index.ts';
import { type MemoryRef, memoryNodes } from '../../../src/store/tree/memory/testing.ts';
import { checkTree, insertInto, removeFrom } from '../../../src/store/tree/testing.ts';
import { wideSum } from '../../support/wide-sum.ts';

const shape = treeShape({ scheme: wideSum, leafItems: 2, fanout: 16 });

/** A root over so many full leaves: leaf c holds the hints 20 c and 20 c + 10. */
function rootOver(leaves: number): MemoryRef {
  const hints = Array.from({ length: 2 * leaves }, (_, i) => 10 * i);
  return insert(null, hints)!;
}

function insert(root: MemoryRef | null, hints: readonly number[]): MemoryRef | null {
  const result = insertInto(shape, memoryNodes, root, runOf(hints));
  checkTree(shape, { reader: memoryNodes, root: result });
  return result;
}

function remove(root: MemoryRef | null, hints: readonly number[]): MemoryRef | null {
  const result = removeFrom(shape, memoryNodes, root, runOf(hints));
  checkTree(shape, { reader: memoryNodes, root: result });
  return result;
}

function runOf(hints: readonly number[]): ReturnType<typeof newRun> {
  const run = newRun(hints.length);
  hints.forEach((hint, i) => {
    run.hints[2 * i] = hint;
  });
  return run;
}

/** How many entries the children of the root have, from the left. */
function sizesBelow(root: MemoryRef | null): number[] {
  return (root?.node.children ?? []).map((child) => child.node.length);
}

/** One key into each of these leaves, which splits them. */
const into = (...leaves: number[]): number[] => leaves.map((leaf) => 20 * leaf + 5);

describe('an inner node that is full', () => {
  it('is filled to the brim where several children split within its last eighth', () => {
    assert.deepEqual(sizesBelow(insert(rootOver(16), into(10, 14))), [16, 2]);
    assert.deepEqual(sizesBelow(insert(rootOver(16), into(11, 13))), [16, 2], 'two from the end');
    assert.deepEqual(sizesBelow(insert(rootOver(16), into(1, 13))), [16, 2], 'the last one counts');
  });

  it('is halved where several children split further in front', () => {
    assert.deepEqual(sizesBelow(insert(rootOver(16), into(10, 12))), [9, 9]);
    assert.deepEqual(sizesBelow(insert(rootOver(16), into(0, 1))), [9, 9]);
  });

  it('is halved where one child splits that is part of no series', () => {
    assert.deepEqual(sizesBelow(insert(rootOver(16), into(5))), [8, 9]);
    assert.deepEqual(sizesBelow(insert(rootOver(16), into(12))), [8, 9]);
  });

  it('is cut behind a child that splits right behind, or right before, where the last one did', () => {
    const full = insert(rootOver(15), into(3))!;
    assert.deepEqual(sizesBelow(full).slice(2, 6), [2, 1, 2, 2]);
    assert.deepEqual([full.node.length, full.node.spot], [16, 5]);
    assert.deepEqual(sizesBelow(insert(full, [67])), [6, 11], 'behind');
    assert.deepEqual(sizesBelow(insert(insert(full, [62]), [61])), [5, 12], 'before');
    assert.deepEqual(sizesBelow(insert(full, [85])), [8, 9], 'one further on');
    assert.deepEqual(sizesBelow(insert(full, [45])), [8, 9], 'two before');
  });
});

describe('the spot of an inner node', () => {
  it('lies behind the one child that was split', () => {
    assert.equal(insert(rootOver(8), into(0))!.node.spot, 2);
    assert.equal(insert(rootOver(8), into(7))!.node.spot, 9);
  });

  it('stays where a write splits no child, and is gone when it splits two or loses one', () => {
    const root = insert(rootOver(8), into(3))!;
    assert.equal(root.node.spot, 5);
    assert.equal(insert(root, [61])!.node.spot, 5, 'no child was split');
    assert.equal(insert(root, into(0, 6))!.node.spot, 0);
    assert.equal(remove(root, [140, 150])!.node.spot, 0);
  });
});
