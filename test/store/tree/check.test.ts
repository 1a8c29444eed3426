import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newRun, treeShape } from '../../../src/store/tree/index.ts';
import { type MemoryRef, memoryNodes } from '../../../src/store/tree/memory/testing.ts';
import type { Inner, Leaf } from '../../../src/store/tree/testing.ts';
import {
  addPart,
  checkSteps,
  checkTree,
  newInner,
  newLeaf,
} from '../../../src/store/tree/testing.ts';
import { wideSum } from '../../support/wide-sum.ts';

const shape = treeShape({ scheme: wideSum, leafItems: 4, fanout: 4 });

describe('checkTree', () => {
  it('takes a tree that is right', () => {
    check(inner([leaf([1, 2, 3]), leaf([4, 5])]));
    check(leaf([1]));
    checkTree(shape, { reader: memoryNodes, root: null });
  });

  it('takes nodes that are full, and neighbours that just do not fit into one', () => {
    check(inner([leaf([1, 2, 3, 4]), leaf([5])]));
    check(inner([leaf([1, 2]), leaf([3, 4])]));
    check(inner([leafFrom(1, 3), leafFrom(4, 2), leafFrom(6, 2), leafFrom(8, 2)]));
  });

  it('lets inner nodes be joined by their children, whatever the leaves hold', () => {
    const narrow = treeShape({ scheme: wideSum, leafItems: 4, fanout: 3 });
    const pairOf = (from: number) => inner([leafFrom(from, 2), leafFrom(from + 2, 2)]);
    checkTree(narrow, { reader: memoryNodes, root: inner([pairOf(1), pairOf(5)]) });
    const wide = treeShape({ scheme: wideSum, leafItems: 4, fanout: 6 });
    const root = inner([pairOf(1), pairOf(5)]);
    assert.throws(() => checkTree(wide, { reader: memoryNodes, root }), /fit into one/);
  });

  it('looks at how full nodes are unless told otherwise, and at all else in any case', () => {
    const full = leaf([1, 2, 3, 4, 5]);
    const crumbs = inner([leaf([1, 2]), leaf([3])]);
    const torn = inner([leaf([1, 2]), { ...leaf([3]), summary: wideSum.empty() }]);
    for (const root of [full, crumbs]) {
      checkTree(shape, { reader: memoryNodes, root }, { fill: false });
      const options = { fill: true };
      assert.throws(() => checkTree(shape, { reader: memoryNodes, root }, options), isCorrupt);
    }
    const damaged = { reader: memoryNodes, root: torn };
    assert.throws(() => checkTree(shape, damaged, { fill: false }), /wrong summary/);
  });

  it('visits every node once and stops after each leaf', () => {
    const root = inner([leaf([1, 2, 3]), leaf([4, 5])]);
    const seen: MemoryRef[] = [];
    const visit = (ref: MemoryRef): void => void seen.push(ref);
    const steps = [...checkSteps(shape, { reader: memoryNodes, root }, { visit })];
    assert.deepEqual(seen, [root, ...(root.node.children ?? [])]);
    assert.equal(steps.length, 2);
  });

  const faults: [string, MemoryRef][] = [
    ['keys out of order', leaf([2, 1])],
    ['keys out of order', inner([leaf([4, 5, 6]), leaf([1, 2])])],
    ['does not begin above', inner([leaf([1, 2, 5]), leaf([4, 6])])],
    ['a single child', inner([leaf([1, 2])])],
    ['is empty', leaf([])],
    ['too many entries', leaf([1, 2, 3, 4, 5])],
    ['fit into one', inner([leaf([1, 2]), leaf([3])])],
    ['wrong summary', { ...leaf([1, 2]), summary: wideSum.empty() }],
    ['another level', inner([leaf([1, 2, 3]), inner([leaf([4, 5, 6]), leaf([7, 8])])])],
    ['another level, count', change(pair(), { starts: Float64Array.of(0, 3, 6), count: 6 })],
    ['counts wrongly', change(pair(), { count: 6 })],
    ['counts wrongly', change(leaf([1, 2]), { count: 3 })],
    ['counts wrongly', change(leaf([1, 2]), { level: 1 as 0 })],
    ['an inner node at the level of leaves', change(pair(), { level: 0 })],
    ['does not begin above', inner([leaf([1, 2, 5]), leaf([5, 6])])],
    ['wrong summary', { ...pair(), summary: wideSum.empty() }],
    ['too many entries', inner([1, 3, 5, 7, 9].map((from) => leafFrom(from, 2)))],
    ['children 1 and 2 that fit', inner([leafFrom(1, 3), leafFrom(4, 2), leafFrom(6, 1)])],
    ['keys out of order', leaf([1, 1])],
    ['first key', change(pair(), { ids: new Uint8Array(64).fill(9, 32) })],
  ];
  for (const [problem, root] of faults) {
    it(`finds: ${problem}`, () => {
      assert.throws(() => check(root), { code: 'STORE_CORRUPT', message: new RegExp(problem) });
    });
  }
});

const isCorrupt = { code: 'STORE_CORRUPT' };

function check(root: MemoryRef): void {
  checkTree(shape, { reader: memoryNodes, root });
}

function pair(): MemoryRef {
  return inner([leaf([1, 2, 3]), leaf([4, 5])]);
}

function leaf(ids: readonly number[]): MemoryRef {
  const run = newRun(ids.length);
  ids.forEach((id, i) => {
    run.ids.fill(id, 32 * i, 32 * i + 32);
  });
  const summary = wideSum.empty();
  wideSum.add(summary, run.ids);
  return memoryNodes.add(newLeaf(run, 0), summary, null);
}

function leafFrom(first: number, count: number): MemoryRef {
  return leaf(Array.from({ length: count }, (_, i) => first + i));
}

function inner(children: readonly MemoryRef[]): MemoryRef {
  const parts = children.map((child) => addPart(memoryNodes, child.node, child.summary));
  const summary = wideSum.empty();
  for (const child of children) wideSum.combine(summary, child.summary);
  return memoryNodes.add(newInner(children[0]!.node.level + 1, parts, 0), summary, null);
}

function change(ref: MemoryRef, fields: Partial<Leaf> | Partial<Inner<MemoryRef>>): MemoryRef {
  return { ...ref, node: { ...ref.node, ...fields } as MemoryRef['node'] };
}
