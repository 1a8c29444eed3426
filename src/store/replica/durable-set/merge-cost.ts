import type { KeyRange, WriteBuffer } from '../../buffer/index.ts';
import type { ItemKey } from '../../item.ts';
import { readOnce } from '../../ranks.ts';
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

  /**
   * Whether ascending keys lie so close together that they need no buffer: at one place or at several, as
   * items do that come from several peers at a time.
   */
  isDense(keys: readonly ItemKey[]): boolean {
    if (keys.length === 0 || keys.length < DENSE_LEAVES * this.#leafItems) return false;
    const most = keys.length / DENSE_KEYS;
    return this.#leavesOf(keys, most) <= most;
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

  /** About the leaves that ascending keys fall into and fill; it stops counting past `most`. */
  #leavesOf(keys: readonly ItemKey[], most: number): number {
    const reach = this.#leafItems / 2;
    return readOnce(this.#tree.snapshot(), (snapshot) => {
      const rank = (at: number): number => snapshot.lowerBound(keys[at]!);
      let leaves = 0;
      for (let at = 0; at < keys.length && leaves <= most; ) {
        const end = firstBeyond(rank, at, keys.length, rank(at) + reach);
        leaves += Math.min(end - at, 2) + (end - at) / reach;
        at = end;
      }
      return leaves;
    });
  }

  /** Most leaves that so many keys of a range fall into. */
  #leavesUnder({ first, last }: KeyRange, count: number): number {
    const span = readOnce(
      this.#tree.snapshot(),
      (snapshot) => snapshot.lowerBound(last) - snapshot.lowerBound(first),
    );
    return 2 + (span + count) / (this.#leafItems / 2);
  }
}

/** The first position behind `at` with a higher rank than `limit`, else `length`; ranks never fall. */
function firstBeyond(
  rank: (at: number) => number,
  at: number,
  length: number,
  limit: number,
): number {
  let within = at;
  let step = 1;
  for (; within + step < length && rank(within + step) <= limit; step *= 2) within += step;
  let beyond = Math.min(within + step, length);
  while (beyond - within > 1) {
    const middle = (within + beyond) >>> 1;
    if (rank(middle) <= limit) within = middle;
    else beyond = middle;
  }
  return beyond;
}
