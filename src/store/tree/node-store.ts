import type { StoreError } from '../errors.ts';
import type { Inner, TreeNode } from './node.ts';

/** Sums over the first children of an inner node. The sum of any children is the difference of two. */
export interface ChildSums {
  /** The number of children, nearest to `count`, whose sum is here. 0 is always one. */
  nearest(count: number): number;
  /** The sum of the first `count` children: a number that `nearest` gave, and not 0. Shared. */
  first(count: number): Uint8Array;
  /** The same sums, of each state only the bytes [begin, end). */
  part(begin: number, end: number): ChildSums;
}

/** The sum of the ids between an end of a leaf and a position within it. */
export interface EndSum {
  readonly position: number;
  /** Of the ids from `position` on, and not of those before it. */
  readonly behind: boolean;
  /** Shared: not to be written to. */
  readonly state: Uint8Array;
}

/**
 * The nodes of a tree. They never change, so a root and a reader are a snapshot. The summary of a node
 * is the scheme's state of all ids in and below it. It lies beside the node: most visits need no summary.
 */
export interface NodeReader<Ref> {
  /** Throws `STORE_CORRUPT` when there is no such node, or it cannot be read. */
  node(ref: Ref): TreeNode<Ref>;
  /** Shared: not to be written to. Throws like `node`. */
  summary(ref: Ref): Uint8Array;
  /** Sums over the children of a node, or null where the reader keeps none. Throws like `node`. */
  childSums?(ref: Ref, inner: Inner<Ref>): ChildSums | null;
  /** The sum that `keepEndSum` got for a leaf, while the reader has room for it. */
  endSum?(ref: Ref): EndSum | undefined;
  /** Takes over the sum of a leaf. */
  keepEndSum?(ref: Ref, sum: EndSum): void;
  /** Called with `STORE_CORRUPT` before that is thrown: the owner builds the tree again. */
  readonly onDamage?: ((error: StoreError) => void) | undefined;
}

/** Takes the new nodes of one write, which can be read from it at once. */
export interface NodeWriter<Ref> extends NodeReader<Ref> {
  /**
   * Takes over both; neither is changed afterwards. `from` is a leaf that a new leaf has most of its
   * items from, or null.
   */
  add(node: TreeNode<Ref>, summary: Uint8Array, from: Ref | null): Ref;
  /** Says that the tree being written no longer holds this node. */
  free(ref: Ref): void;
}
