import { combineAll } from '../fingerprint/index.ts';
import { invariant } from '../invariant.ts';
import { childNode, isLeaf } from './child.ts';
import type { Inner, KeyRun, Leaf, TreeNode } from './node.ts';
import type { NodeWriter } from './node-store.ts';
import {
  addPart,
  Joiner,
  newInner,
  newLeaf,
  pushChildren,
  rootOver,
  type TreePart,
} from './parts.ts';
import { checkAscending, compareAt, newRun, searchKey, viewRun } from './run.ts';
import { cutSizes, isSeries, type Piece, piecesOf, spotWithin, type TreeShape } from './shape.ts';

/** The outcome of a batch for a node. */
export interface NodeChange<Ref> {
  /** The nodes in its place: none, one or several. */
  readonly parts: readonly TreePart<Ref>[];
  /** State of the ids that came, or went. */
  readonly delta: Uint8Array;
}

/** The effect of a kind of write on a leaf; inner nodes follow. */
export interface LeafEdit<Ref> {
  /** `ref` is null for the leaf without items that stands for an empty tree. */
  rewrite(ref: Ref | null, leaf: Leaf, batch: KeyRun): NodeChange<Ref>;
  /** Turns the summary of a node into the one it has after the write. */
  apply(summary: Uint8Array, delta: Uint8Array): void;
}

/**
 * The tree under `root` with a batch worked into it, as a new root. A write rebuilds each leaf that a key
 * falls into, and each path, once; it shares the rest with the old tree. Throws a RangeError unless the
 * keys ascend and `edit` can take them.
 */
export function editTree<Ref>(
  shape: TreeShape,
  nodes: NodeWriter<Ref>,
  root: Ref | null,
  batch: KeyRun,
  edit: LeafEdit<Ref>,
): Ref | null {
  checkAscending(batch);
  if (batch.length === 0) return root;
  return new EditPass(shape, nodes, edit).root(root, batch);
}

const EMPTY_LEAF = newLeaf(newRun(0), 0);

class EditPass<Ref> {
  readonly #shape: TreeShape;
  readonly #nodes: NodeWriter<Ref>;
  readonly #edit: LeafEdit<Ref>;
  readonly #joiner: Joiner<Ref>;

  constructor(shape: TreeShape, nodes: NodeWriter<Ref>, edit: LeafEdit<Ref>) {
    this.#shape = shape;
    this.#nodes = nodes;
    this.#edit = edit;
    this.#joiner = new Joiner(shape, nodes);
  }

  root(root: Ref | null, batch: KeyRun): Ref | null {
    const old = root === null ? EMPTY_LEAF : this.#nodes.node(root);
    let { parts } = this.#rewrite(root, old, batch);
    for (let level = old.level + 1; parts.length > 1; level++) {
      const sizes = cutSizes(parts.length, this.#shape.fanout, null);
      parts = this.#inners(level, parts, { sizes, spot: 0, total: null });
    }
    return rootOver(this.#nodes, parts[0]);
  }

  #rewrite(ref: Ref | null, node: TreeNode<Ref>, batch: KeyRun): NodeChange<Ref> {
    if (isLeaf(node)) return this.#edit.rewrite(ref, node, batch);
    return this.#rewriteInner(ref!, node, batch);
  }

  #rewriteInner(ref: Ref, inner: Inner<Ref>, batch: KeyRun): NodeChange<Ref> {
    const { parts, growths, delta } = this.#rewriteChildren(inner, batch);
    const total = this.#nodes.summary(ref).slice();
    this.#edit.apply(total, delta);
    this.#nodes.free(ref);
    const joined = this.#joiner.join(inner.level - 1, parts);
    if (joined.length === 0) return { parts: [], delta };
    const asPlanned = joined === parts;
    const series = asPlanned ? seriesAmong(growths, inner, parts.length) : null;
    const sizes = cutSizes(joined.length, this.#shape.fanout, series);
    const spot = asPlanned ? spotAfter(growths, inner, parts.length) : 0;
    return { parts: this.#inners(inner.level, joined, { sizes, spot, total }), delta };
  }

  #rewriteChildren(inner: Inner<Ref>, batch: KeyRun): ChildChanges<Ref> {
    const parts: TreePart<Ref>[] = [];
    const growths: Piece[] = [];
    const seams: number[] = [];
    const delta = this.#shape.scheme.empty();
    let next = 0;
    for (let from = 0; from < batch.length; ) {
      const at = childFor(inner, batch, from);
      const to = at + 1 < inner.length ? searchKey(batch, inner, at + 1, from) : batch.length;
      pushChildren(parts, inner, next, at);
      const child = childNode(this.#nodes, inner, at);
      const change = this.#rewrite(inner.children[at]!, child, viewRun(batch, from, to));
      for (const part of change.parts) parts.push(part);
      this.#shape.scheme.combine(delta, change.delta);
      const extra = change.parts.length - 1;
      if (extra > 0) growths.push({ begin: parts.length - extra, end: parts.length });
      if (extra < 0) seams.push(parts.length);
      next = at + 1;
      from = to;
    }
    pushChildren(parts, inner, next, inner.length);
    for (const at of seams) if (at < parts.length) parts[at] = { ...parts[at]!, fresh: true };
    return { parts, growths, delta };
  }

  /** Nodes of the given sizes over `parts`. With their `total` known, the largest is not summed. */
  #inners(level: number, parts: readonly TreePart<Ref>[], cut: InnerCut): TreePart<Ref>[] {
    const { scheme } = this.#shape;
    const placed = cut.sizes.reduce((sum, size) => sum + size, 0);
    invariant(placed === parts.length, 'commit', 'NODE_CUT', [level, parts.length, placed]);
    const groups = piecesOf(cut.sizes).map(({ begin, end }) => ({
      members: parts.slice(begin, end),
      spot: spotWithin(cut.spot, begin, end),
    }));
    const rest = cut.total === null ? -1 : largest(cut.sizes);
    const summaries = groups.map(({ members }, i) => (i === rest ? null : this.#sum(members)));
    for (const summary of summaries) {
      if (summary !== null && cut.total !== null) scheme.difference(cut.total, summary);
    }
    return groups.map(({ members, spot }, i) =>
      addPart(this.#nodes, newInner(level, members, spot), summaries[i] ?? cut.total!),
    );
  }

  #sum(parts: readonly TreePart<Ref>[]): Uint8Array {
    const state = this.#shape.scheme.empty();
    combineAll(
      this.#shape.scheme,
      state,
      parts.map(({ ref }) => this.#nodes.summary(ref)),
    );
    return state;
  }
}

interface ChildChanges<Ref> {
  readonly parts: readonly TreePart<Ref>[];
  /** Where children became several. */
  readonly growths: readonly Piece[];
  readonly delta: Uint8Array;
}

interface InnerCut {
  readonly sizes: readonly number[];
  readonly spot: number;
  /** State of all parts together, taken over; null when it is not known. */
  readonly total: Uint8Array | null;
}

/** Where a series of writes goes on among the children of a node that now has `length`; else null. */
function seriesAmong<Ref>(
  growths: readonly Piece[],
  inner: Inner<Ref>,
  length: number,
): Piece | null {
  const last = growths.at(-1);
  if (last === undefined) return null;
  // Keys that come in nearly ascending order split several children close to the end.
  if (length - last.end <= inner.length / 8) return { begin: growths[0]!.begin, end: length };
  return growths.length === 1 && isSeries(last, inner.spot) ? last : null;
}

function spotAfter<Ref>(growths: readonly Piece[], inner: Inner<Ref>, length: number): number {
  if (growths.length === 1) return growths[0]!.end;
  return length === inner.length ? inner.spot : 0;
}

function largest(sizes: readonly number[]): number {
  return sizes.reduce((best, size, at) => (size > sizes[best]! ? at : best), 0);
}

/** Position of the last child that starts at or below the key; 0 when none does. */
function childFor<Ref>(inner: Inner<Ref>, batch: KeyRun, from: number): number {
  const at = searchKey(inner, batch, from);
  if (at < inner.length && compareAt(inner, at, batch, from) === 0) return at;
  return Math.max(0, at - 1);
}
