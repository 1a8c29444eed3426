import type { FingerprintScheme } from '../fingerprint/scheme.ts';
import { checkKey, compareKeys, type ItemKey } from '../item.ts';
import type { Storage } from '../storage.ts';
import { IdIndex } from '../vector/id-index.ts';
import { checkTree } from './check.ts';
import { insertInto } from './insert.ts';
import { type MemoryRef, memoryNodes } from './memory-nodes.ts';
import { removeFrom } from './remove.ts';
import { runOf } from './run.ts';
import { type TreeShape, type TreeShapeInit, treeShape } from './shape.ts';
import { freeLease, holdsKey, TreeSnapshot } from './snapshot.ts';

/** A tree of fingerprints in memory: any set size, any order of writes, snapshots for nothing. */
export class MemoryTree implements Storage {
  readonly #shape: TreeShape;
  readonly #index = new IdIndex();
  #root: MemoryRef | null = null;

  constructor(init: TreeShapeInit) {
    this.#shape = treeShape(init);
  }

  get scheme(): FingerprintScheme {
    return this.#shape.scheme;
  }

  get size(): number {
    return this.#root?.node.count ?? 0;
  }

  insert(keys: readonly ItemKey[]): ItemKey[] {
    for (const key of keys) checkKey(key);
    const added = keys.filter((key) => this.#index.add(key.id, key.hint)).sort(compareKeys);
    this.#root = insertInto(this.#shape, memoryNodes, this.#root, runOf(added));
    return added;
  }

  remove(ids: readonly Uint8Array[]): number {
    const removed: ItemKey[] = [];
    for (const id of ids) {
      const hint = this.#index.remove(id);
      if (hint !== undefined) removed.push({ hint, id });
    }
    this.#root = removeFrom(this.#shape, memoryNodes, this.#root, runOf(removed.sort(compareKeys)));
    return removed.length;
  }

  contains(id: Uint8Array): boolean {
    return this.#index.get(id) !== undefined;
  }

  snapshot(): TreeSnapshot<MemoryRef> {
    const { size } = this;
    const view = { reader: memoryNodes, root: this.#root };
    const ids = this.#index.view();
    const contains = (id: Uint8Array): boolean => {
      for (const hint of ids.candidates(id)) if (holdsKey(view, size, { hint, id })) return true;
      return false;
    };
    return new TreeSnapshot({ scheme: this.scheme, size, view, contains, lease: freeLease() });
  }

  /** Throws an error that names the first broken invariant; reads everything. */
  check(): void {
    checkTree(this.#shape, { reader: memoryNodes, root: this.#root });
  }
}
