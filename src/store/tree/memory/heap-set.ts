import { checkList } from '../../checks.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { IdIndex } from '../../id-index.ts';
import { checkId, type ItemKey } from '../../item.ts';
import type { Snapshot, Storage } from '../../storage.ts';
import { runOf } from '../run.ts';
import { freeLease, TreeSnapshot } from '../snapshot.ts';
import { type HeapNodes, HeapTree } from './heap-tree.ts';

/** An item set on the heap: a tree, and an index of its ids. */
export abstract class HeapSet<Ref> implements Storage {
  readonly #index = new IdIndex();
  #tree: HeapTree<Ref>;

  constructor(nodes: HeapNodes<Ref>) {
    this.#tree = new HeapTree(nodes);
  }

  get scheme(): FingerprintScheme {
    return this.#tree.scheme;
  }

  get size(): number {
    return this.#tree.size;
  }

  insert(keys: readonly ItemKey[]): ItemKey[] {
    checkList(keys, 'keys');
    const added = this.#index.addAll(keys);
    this.#tree = this.#tree.insert(runOf(added));
    return added;
  }

  remove(ids: readonly Uint8Array[]): number {
    checkList(ids, 'ids');
    for (const id of ids) checkId(id);
    const removed = this.#index.removeAll(ids);
    this.#tree = this.#tree.remove(runOf(removed));
    return removed.length;
  }

  contains(id: Uint8Array): boolean {
    checkId(id);
    return this.#index.get(id) !== undefined;
  }

  abstract snapshot(): Snapshot;

  protected takeSnapshot(): TreeSnapshot<Ref> {
    const { scheme, size, view } = this.#tree;
    const ids = this.#index.view();
    const contains = (id: Uint8Array): boolean => {
      for (const hint of ids.candidates(id)) if (snapshot.holds({ hint, id })) return true;
      return false;
    };
    const snapshot = new TreeSnapshot({ scheme, size, view, contains, lease: freeLease() });
    return snapshot;
  }

  protected get view(): HeapTree<Ref>['view'] {
    return this.#tree.view;
  }
}
