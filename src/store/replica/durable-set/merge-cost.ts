import type { KeyRange, WriteBuffer } from '../../buffer/index.ts';
import type { ItemKey } from '../../item.ts';
import type { DurableTree } from '../../tree/index.ts';

const MIN_SLICE = 4;
const MAX_SLICE = 4_096;

/** Cost of rewriting a leaf and the nodes above it, in keys. */
const LEAF_WORK = 12;

/** Leaves that a batch must fill to go into the tree at once; smaller ones better share a rewrite. */
const DENSE_LEAVES = 2;

/** Keys for each rewritten leaf that let a batch go into the tree at once. */
const DENSE_KEYS = 12;

/** The cost of putting keys into a tree, by their distance in it. */
export class MergeCost {
  readonly #tree: Pick<DurableTree, 'snapshot'>;
  readonly #leafItems: number;

  constructor(tree: Pick<DurableTree, 'snapshot'>, leafItems: number) {
    this.#tree = tree;
    this.#leafItems = leafItems;
  }

  /** Whether ascending keys lie so close together that they need no buffer. */
  isDense(keys: readonly ItemKey[]): boolean {
    const [first, last] = [keys[0], keys.at(-1)];
    const few = keys.length < DENSE_LEAVES * this.#leafItems;
    if (first === undefined || last === undefined || few) return false;
    return keys.length >= DENSE_KEYS * this.#leavesUnder({ first, last }, keys.length);
  }

  /** The number of the buffer's keys above `behind` that make about so much work. */
  sliceOf(buffer: WriteBuffer, behind: ItemKey | null, work: number): number {
    let count = MAX_SLICE;
    for (; count > MIN_SLICE; count >>= 1) {
      const range = buffer.reach(behind, count);
      if (range === null || this.workOf(range, count) <= work) break;
    }
    return count;
  }

  /** In keys: rewriting a leaf counts for several. */
  workOf(range: KeyRange, count: number): number {
    return count + LEAF_WORK * Math.min(count, this.#leavesUnder(range, count));
  }

  /** Most leaves that so many keys of a range fall into. */
  #leavesUnder({ first, last }: KeyRange, count: number): number {
    const snapshot = this.#tree.snapshot();
    const span = snapshot.lowerBound(last) - snapshot.lowerBound(first);
    snapshot.release();
    return 2 + (span + count) / (this.#leafItems / 2);
  }
}
