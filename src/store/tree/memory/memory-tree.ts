import { compareKeys, type ItemKey } from '../../item.ts';
import { checkTree } from '../check.ts';
import type { TreeNode } from '../node.ts';
import type { NodeWriter } from '../node-store.ts';
import { type TreeShape, type TreeShapeInit, treeShape } from '../shape.ts';
import type { TreeSnapshot } from '../snapshot.ts';
import { HeapSet } from './heap-set.ts';

/** A reference that is the node itself, so that the garbage collector does the freeing. */
export interface MemoryRef {
  readonly node: TreeNode<MemoryRef>;
  readonly summary: Uint8Array;
}

/** Nodes on the heap; a tree is what its root holds on to. */
export const memoryNodes: NodeWriter<MemoryRef> = {
  node: (ref) => ref.node,
  summary: (ref) => ref.summary,
  add: (node, summary) => ({ node, summary }),
  free() {},
};

const BUILD_BATCH = 4096;

/** A tree of fingerprints in memory: any set size, any order of writes, snapshots for nothing. */
export class MemoryTree extends HeapSet<MemoryRef> {
  readonly #shape: TreeShape;

  constructor(init: TreeShapeInit) {
    const shape = treeShape(init);
    super({ scheme: shape.scheme, shape, writer: memoryNodes, reader: memoryNodes });
    this.#shape = shape;
  }

  /**
   * A tree of keys that come in ascending order, every leaf but the last full. Throws a RangeError for
   * a key that does not ascend, or whose id has come before.
   */
  static fromSorted(init: TreeShapeInit, keys: Iterable<ItemKey>): MemoryTree {
    const tree = new MemoryTree(init);
    let batch: ItemKey[] = [];
    let last: ItemKey | null = null;
    for (const key of keys) {
      if (last !== null && compareKeys(last, key) >= 0)
        throw new RangeError('the keys must ascend');
      last = key;
      if (batch.push(key) === BUILD_BATCH) {
        tree.#append(batch);
        batch = [];
      }
    }
    tree.#append(batch);
    return tree;
  }

  override snapshot(): TreeSnapshot<MemoryRef> {
    return this.takeSnapshot();
  }

  #append(batch: readonly ItemKey[]): void {
    if (this.insert(batch).length === batch.length) return;
    throw new RangeError('an id can stand under one hint only');
  }

  /** Throws an error that names the first broken invariant; reads everything. */
  check(): void {
    checkTree(this.#shape, this.view);
  }
}
