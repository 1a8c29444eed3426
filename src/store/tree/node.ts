import type { Bytes } from '../bytes.ts';
/**
 * Keys in order, as two flat arrays: the keys of a leaf, the first keys of an inner node's children,
 * or a batch on its way into the tree.
 */
export interface KeyRun {
  /** Number of keys. */
  readonly length: number;
  /** Two words a hint, the low one first. */
  readonly hints: Uint32Array;
  /** 32 bytes a key. */
  readonly ids: Bytes;
}

interface NodeFields extends KeyRun {
  /** Steps down to the leaves. */
  readonly level: number;
  /** Items in and below the node. */
  readonly count: number;
  /**
   * Position behind the entries of the last write, when they lie side by side; else 0. A write that goes
   * on there is one of a series, and splits the node there.
   */
  readonly spot: number;
}

/** A node that holds items; never empty. */
export interface Leaf extends NodeFields {
  readonly level: 0;
  readonly children: null;
}

/** A node over smaller nodes, all of one level. */
export interface Inner<Ref> extends NodeFields {
  readonly children: readonly Ref[];
  /** `length + 1` ranks: where each child's items begin, then `count`. */
  readonly starts: Float64Array;
}

/** Immutable. */
export type TreeNode<Ref> = Leaf | Inner<Ref>;
