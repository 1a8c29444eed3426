import { StoreError } from '../../errors.ts';
import { checkKey, compareKeys, type ItemKey } from '../../item.ts';
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
   * A tree of keys that come in ascending order, every leaf but the last full. Throws
   * `INVALID_ORDER` for a key that does not ascend, `DUPLICATE_KEY` for an id that has come before.
   */
  static fromSorted(init: TreeShapeInit, keys: Iterable<ItemKey>): MemoryTree {
    const tree = new MemoryTree(init);
    let batch: ItemKey[] = [];
    let last: ItemKey | null = null;
    for (const key of keys) {
      checkKey(key);
      if (last !== null && compareKeys(last, key) >= 0) {
        throw new StoreError('INVALID_ORDER', 'the keys do not ascend: sort them by compareKeys');
      }
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
    const message = 'an id can stand under one hint only: leave the others out';
    throw new StoreError('DUPLICATE_KEY', message);
  }

  /** Throws an error that names the first broken invariant; reads everything. */
  check(): void {
    checkTree(this.#shape, this.view);
  }
}
