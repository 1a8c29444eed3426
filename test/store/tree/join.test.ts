import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newRun, treeShape } from '../../../src/store/tree/index.ts';
import { type MemoryRef, memoryNodes } from '../../../src/store/tree/memory/testing.ts';
import type { NodeWriter } from '../../../src/store/tree/testing.ts';
import { checkTree, insertInto, removeFrom } from '../../../src/store/tree/testing.ts';
import { wideSum } from '../../support/wide-sum.ts';

/** Leaves are joined up to six items, inner nodes up to six children. */
const shape = treeShape({ scheme: wideSum, leafItems: 8, fanout: 8 });

/** A tree of the hints 0, 1, 2, ... in full leaves, and what each write of it reads and frees. */
class Grown {
  root: MemoryRef | null = null;
  readonly read = new Set<MemoryRef>();
  readonly freed: MemoryRef[] = [];
  readonly #nodes: NodeWriter<MemoryRef> = {
    ...memoryNodes,
    node: (ref) => {
      this.read.add(ref);
      return ref.node;
    },
    free: (ref) => void this.freed.push(ref),
  };

  constructor(count: number) {
    this.root = insertInto(shape, memoryNodes, null, runOf(range(0, count)));
  }

  remove(...hints: number[]): this {
    const before = nodesBelow(this.root);
    this.read.clear();
    this.freed.length = 0;
    this.root = removeFrom(shape, this.#nodes, this.root, runOf(hints.sort((a, b) => a - b)));
    checkTree(shape, { reader: memoryNodes, root: this.root });
    const after = new Set(nodesBelow(this.root));
    const gone = before.filter((ref) => !after.has(ref));
    assert.deepEqual(new Set(this.freed.filter((ref) => before.includes(ref))), new Set(gone));
    assert.equal(new Set(this.freed).size, this.freed.length, 'no node is freed twice');
    return this;
  }

  /** Entries of the children of the root. */
  get sizes(): number[] {
    return (this.root?.node.children ?? []).map((child) => child.node.length);
  }
}

function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, i) => begin + i);
}

function runOf(hints: readonly number[]): ReturnType<typeof newRun> {
  const run = newRun(hints.length);
  hints.forEach((hint, i) => {
    run.hints[2 * i] = hint;
  });
  return run;
}

function nodesBelow(ref: MemoryRef | null): MemoryRef[] {
  return ref === null ? [] : [ref, ...(ref.node.children ?? []).flatMap(nodesBelow)];
}

describe('leaves that shrink', () => {
  it('are joined when they fit into three quarters of one, and not with one item more', () => {
    const tree = new Grown(24);
    assert.deepEqual(tree.remove(...range(0, 4), ...range(8, 13)).sizes, [4, 3, 8]);
    assert.deepEqual(tree.remove(4).sizes, [6, 8], 'three and three');
    assert.deepEqual(tree.root!.node.children![0]!.node.spot, 0, 'a joined node has no spot');
    assert.equal(new Grown(24).remove(...range(0, 7), ...range(8, 11)).sizes.length, 2, '1 and 5');
    assert.equal(new Grown(24).remove(...range(0, 7), 8, 9).sizes.length, 3, '1 and 6');
  });

  it('are joined with a neighbour that was left alone, on either side', () => {
    const tree = new Grown(24).remove(...range(0, 5), ...range(16, 21));
    assert.deepEqual(tree.sizes, [3, 8, 3]);
    assert.deepEqual(new Grown(16).remove(...range(0, 4)).remove(...range(8, 14)).sizes, []);
    assert.equal(new Grown(16).remove(...range(0, 4)).remove(...range(8, 14)).root!.node.length, 6);
    assert.equal(new Grown(16).remove(...range(8, 12)).remove(...range(0, 6)).root!.node.length, 6);
  });

  it('are joined when all that lay between them goes', () => {
    const tree = new Grown(24).remove(...range(0, 5), ...range(16, 21));
    assert.equal(tree.remove(...range(8, 16)).root!.node.length, 6);
  });

  it('are joined three at a time', () => {
    const tree = new Grown(32).remove(...range(0, 6), ...range(8, 14), ...range(16, 22));
    assert.deepEqual(tree.sizes, [6, 8]);
  });

  it('go with their last item, and the tree with its last leaf', () => {
    assert.deepEqual(new Grown(24).remove(...range(8, 16)).sizes, [8, 8]);
    assert.equal(new Grown(24).remove(...range(0, 24)).root, null);
    assert.equal(new Grown(1).remove(0).root, null);
  });
});

describe('inner nodes that shrink', () => {
  it('are joined by their children, up to six', () => {
    const tree = new Grown(128);
    assert.deepEqual(tree.sizes, [8, 8]);
    tree.remove(...range(0, 32), ...range(64, 88));
    assert.deepEqual(tree.sizes, [4, 5]);
    tree.remove(...range(88, 96));
    assert.deepEqual(tree.sizes, [4, 4]);
    tree.remove(...range(32, 40), ...range(96, 104));
    assert.equal(tree.root!.node.level, 1, 'three and three are one node, the root');
    assert.equal(tree.root!.node.length, 6);
  });

  it('have the leaves at their seam joined too', () => {
    const tree = new Grown(128).remove(...range(0, 40), ...range(88, 128));
    assert.deepEqual(tree.sizes, [8, 8, 8, 8, 8, 8]);
    const seam = new Grown(128).remove(...range(58, 64), ...range(64, 70));
    assert.deepEqual(seam.sizes, [8, 8]);
    seam.remove(...range(0, 40), ...range(88, 128));
    assert.deepEqual(seam.sizes, [8, 8, 4, 8, 8]);
  });
});

describe('a write', () => {
  it('reads the leaves it changes, and a neighbour only to join it', () => {
    const tree = new Grown(64);
    const fourth = tree.root!.node.children![3];
    tree.remove(24);
    assert.deepEqual(
      [...tree.read].filter((ref) => ref.node.level === 0),
      [fourth],
    );
  });
});
