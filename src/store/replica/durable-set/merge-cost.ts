import type { KeyRange, WriteBuffer } from '../../buffer/index.ts';
import type { ItemKey } from '../../item.ts';
import type { DurableTree } from '../../tree/index.ts';

/** Keys moved from the buffer into the tree in one commit. */
const MIN_SLICE = 4;
const MAX_SLICE = 4_096;

/** What rewriting a leaf, with the nodes above it, costs: so many times what a key in it does. */
const LEAF_WORK = 12;

/** Leaves that a batch must fill to go into the tree at once: smaller ones do better to share a rewrite. */
const DENSE_LEAVES = 2;

/** A batch goes into the tree at once when it brings so many keys for each leaf it rewrites. */
const DENSE_KEYS = 12;

/** What it costs to put keys into a tree, by how far apart they lie in it. */
export class MergeCost {
  readonly #tree: Pick<DurableTree, 'snapshot'>;
  readonly #leafItems: number;

  constructor(tree: Pick<DurableTree, 'snapshot'>, leafItems: number) {
    this.#tree = tree;
    this.#leafItems = leafItems;
  }

  /** Whether ascending keys fall so close together that they need no buffer. */
  isDense(keys: readonly ItemKey[]): boolean {
    const [first, last] = [keys[0], keys.at(-1)];
    const few = keys.length < DENSE_LEAVES * this.#leafItems;
    if (first === undefined || last === undefined || few) return false;
    return keys.length >= DENSE_KEYS * this.#leavesUnder({ first, last }, keys.length);
  }

  /** How many of the buffer's keys behind `behind` make about so much work. */
  sliceOf(buffer: WriteBuffer, behind: ItemKey | null, work: number): number {
    let count = MAX_SLICE;
    for (; count > MIN_SLICE; count >>= 1) {
      const range = buffer.reach(behind, count);
      if (range === null || this.workOf(range, count) <= work) break;
    }
    return count;
  }

  /** In keys that stay in their leaf: rewriting a leaf counts for several. */
  workOf(range: KeyRange, count: number): number {
    return count + LEAF_WORK * Math.min(count, this.#leavesUnder(range, count));
  }

  /** Leaves that so many keys of a range fall into, at the most. */
  #leavesUnder({ first, last }: KeyRange, count: number): number {
    const snapshot = this.#tree.snapshot();
    const span = snapshot.lowerBound(last) - snapshot.lowerBound(first);
    snapshot.release();
    return 2 + (span + count) / (this.#leafItems / 2);
  }
}
