import type { FingerprintScheme } from '../fingerprint/scheme.ts';
import { type Bound, compareKeys, type ItemKey } from '../item.ts';
import { insertInto } from '../tree/insert.ts';
import { type MemoryRef, memoryNodes } from '../tree/memory-nodes.ts';
import { copyIds, leafRanges, lowerBound, select, type TreeView } from '../tree/read.ts';
import { removeFrom } from '../tree/remove.ts';
import { keyAt, runOf } from '../tree/run.ts';
import { type TreeShape, type TreeShapeInit, treeShape } from '../tree/shape.ts';
import { rangeState } from '../tree/tally.ts';

/** The keys from `first` to `last`, both included. */
export interface KeyRange {
  readonly first: ItemKey;
  readonly last: ItemKey;
}

/**
 * Keys on their way into a tree on disk, with summaries of their own. Immutable: a write gives a new
 * buffer that shares what it did not touch, so whoever holds an old one keeps a snapshot.
 */
export class WriteBuffer {
  readonly size: number;
  readonly #shape: TreeShape;
  readonly #root: MemoryRef | null;

  private constructor(shape: TreeShape, root: MemoryRef | null) {
    this.#shape = shape;
    this.#root = root;
    this.size = root?.node.count ?? 0;
  }

  static empty(init: TreeShapeInit): WriteBuffer {
    return new WriteBuffer(treeShape(init), null);
  }

  get scheme(): FingerprintScheme {
    return this.#shape.scheme;
  }

  /** With `keys`, which ascend and are new. */
  insert(keys: readonly ItemKey[]): WriteBuffer {
    if (keys.length === 0) return this;
    return this.#with(insertInto(this.#shape, memoryNodes, this.#root, runOf(keys)));
  }

  /** Without the keys of `range`. */
  without({ first, last }: KeyRange): WriteBuffer {
    const begin = this.lowerBound(first);
    const behind = this.lowerBound(last);
    const end = behind < this.size && compareKeys(this.select(behind), last) === 0 ? 1 : 0;
    const keys = [...this.keys(begin, behind + end)];
    return this.#with(removeFrom(this.#shape, memoryNodes, this.#root, runOf(keys)));
  }

  select(rank: number): ItemKey {
    return select(this.#view, rank);
  }

  lowerBound(bound: Bound): number {
    return lowerBound(this.#view, bound);
  }

  has(key: ItemKey): boolean {
    const rank = this.lowerBound(key);
    return rank < this.size && compareKeys(this.select(rank), key) === 0;
  }

  *keys(begin: number, end: number): Iterable<ItemKey> {
    for (const range of leafRanges(this.#view, begin, end)) {
      for (let at = range.begin; at < range.end; at++) yield keyAt(range.leaf, at);
    }
  }

  ids(begin: number, end: number): Uint8Array {
    return copyIds(this.#view, begin, end);
  }

  /** Shared where the range is everything: not to be written to. */
  fingerprint(begin: number, end: number): Uint8Array {
    return rangeState(this.scheme, this.#view, begin, end);
  }

  get #view(): TreeView<MemoryRef> {
    return { reader: memoryNodes, root: this.#root };
  }

  #with(root: MemoryRef | null): WriteBuffer {
    return new WriteBuffer(this.#shape, root);
  }
}
