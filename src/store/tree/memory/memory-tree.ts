import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { IdIndex } from '../../id-index.ts';
import { compareKeys, type ItemKey } from '../../item.ts';
import type { Storage } from '../../storage.ts';
import { checkTree } from '../check.ts';
import { insertInto } from '../insert.ts';
import { select } from '../read.ts';
import { removeFrom } from '../remove.ts';
import { runOf } from '../run.ts';
import { type TreeShape, type TreeShapeInit, treeShape } from '../shape.ts';
import { freeLease, TreeSnapshot } from '../snapshot.ts';
import { type MemoryRef, memoryNodes } from './memory-nodes.ts';

/** Keys that a tree takes in at a time when it is built. */
const BUILD_BATCH = 4096;

/** A tree of fingerprints in memory: any set size, any order of writes, snapshots for nothing. */
export class MemoryTree implements Storage {
  readonly #shape: TreeShape;
  readonly #index = new IdIndex();
  #root: MemoryRef | null = null;

  constructor(init: TreeShapeInit) {
    this.#shape = treeShape(init);
  }

  /**
   * A tree of keys that come in ascending order, every leaf but the last full. Throws a RangeError for
   * a key that does not ascend, or whose id has come before.
   */
  static fromSorted(init: TreeShapeInit, keys: Iterable<ItemKey>): MemoryTree {
    const tree = new MemoryTree(init);
    let batch: ItemKey[] = [];
    for (const key of keys) {
      if (batch.push(key) === BUILD_BATCH) {
        tree.#append(batch);
        batch = [];
      }
    }
    tree.#append(batch);
    return tree;
  }

  get scheme(): FingerprintScheme {
    return this.#shape.scheme;
  }

  get size(): number {
    return this.#root?.node.count ?? 0;
  }

  insert(keys: readonly ItemKey[]): ItemKey[] {
    const added = this.#index.addAll(keys);
    this.#root = insertInto(this.#shape, memoryNodes, this.#root, runOf(added));
    return added;
  }

  remove(ids: readonly Uint8Array[]): number {
    const removed = this.#index.removeAll(ids);
    this.#root = removeFrom(this.#shape, memoryNodes, this.#root, runOf(removed));
    return removed.length;
  }

  contains(id: Uint8Array): boolean {
    return this.#index.get(id) !== undefined;
  }

  snapshot(): TreeSnapshot<MemoryRef> {
    const { scheme, size } = this;
    const view = { reader: memoryNodes, root: this.#root };
    const ids = this.#index.view();
    const contains = (id: Uint8Array): boolean => {
      for (const hint of ids.candidates(id)) if (snapshot.holds({ hint, id })) return true;
      return false;
    };
    const snapshot = new TreeSnapshot({ scheme, size, view, contains, lease: freeLease() });
    return snapshot;
  }

  #append(batch: readonly ItemKey[]): void {
    const run = runOf(batch);
    if (this.#root !== null && batch.length > 0) {
      const last = select({ reader: memoryNodes, root: this.#root }, this.size - 1);
      if (compareKeys(last, batch[0]!) >= 0) throw new RangeError('the keys must ascend');
    }
    this.#root = insertInto(this.#shape, memoryNodes, this.#root, run);
    for (const { id, hint } of batch) {
      if (!this.#index.add(id, hint)) throw new RangeError('an id can stand under one hint only');
    }
  }

  /** Throws an error that names the first broken invariant; reads everything. */
  check(): void {
    checkTree(this.#shape, { reader: memoryNodes, root: this.#root });
  }
}
