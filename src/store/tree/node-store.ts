import type { StoreError } from '../errors.ts';
import type { TreeNode } from './node.ts';

/**
 * The nodes of a tree. They never change, so a root and a reader are a snapshot. The summary of a node
 * is the scheme's state of all ids in and below it. It lies beside the node: most visits need no summary.
 */
export interface NodeReader<Ref> {
  /** Throws `STORE_CORRUPT` when there is no such node, or it cannot be read. */
  node(ref: Ref): TreeNode<Ref>;
  /** Shared: not to be written to. Throws like `node`. */
  summary(ref: Ref): Uint8Array;
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
