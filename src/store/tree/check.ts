import { equalBytes } from '../bytes.ts';
import { childNode, damaged, isLeaf } from './child.ts';
import type { Inner, TreeNode } from './node.ts';
import type { TreeView } from './read.ts';
import { compareAt, firstDisorder } from './run.ts';
import { joinLimit, type TreeShape } from './shape.ts';

export interface CheckOptions<Ref> {
  /**
   * Whether to check the fill rule too. A tree whose node sizes were changed follows it only where it is
   * written to.
   * @default true
   */
  fill?: boolean;
  /** Called for every node. */
  visit?: (ref: Ref) => void;
}

/** Runs all of `checkSteps` at once. */
export function checkTree<Ref>(
  shape: TreeShape,
  view: TreeView<Ref>,
  options: CheckOptions<Ref> = {},
): void {
  for (const _ of checkSteps(shape, view, options));
}

/**
 * Walks the whole tree, a leaf a step, and throws `STORE_CORRUPT` at the first fault. Rules:
 *
 * - all leaves at one depth; levels count down to 0; no node is empty; the root has two children
 * - keys ascend throughout; each separator is the first key of its child
 * - counts are the sums of the counts below, summaries those of a recomputation from the ids
 * - fill: no node has more entries than it may, and two neighbours under one parent never fit into
 *   three quarters of a node
 */
export function* checkSteps<Ref>(
  shape: TreeShape,
  view: TreeView<Ref>,
  options: CheckOptions<Ref> = {},
): Generator<void, void> {
  if (view.root === null) return;
  const root = view.reader.node(view.root);
  if (!isLeaf(root) && root.length < 2) fail(view.root, 'is a root with a single child');
  yield* new TreeCheck(shape, view, options).node(view.root, root);
}

class TreeCheck<Ref> {
  readonly #shape: TreeShape;
  readonly #view: TreeView<Ref>;
  readonly #options: CheckOptions<Ref>;
  #left: TreeNode<Ref> | null = null;

  constructor(shape: TreeShape, view: TreeView<Ref>, options: CheckOptions<Ref>) {
    this.#shape = shape;
    this.#view = view;
    this.#options = options;
  }

  /** Checks everything below; the recomputed summary. */
  *node(ref: Ref, node: TreeNode<Ref>): Generator<void, Uint8Array> {
    this.#options.visit?.(ref);
    if (node.length === 0) fail(ref, 'is empty');
    if (firstDisorder(node) > 0) fail(ref, 'has keys out of order');
    const state = this.#shape.scheme.empty();
    if (isLeaf(node)) {
      if (node.level !== 0 || node.count !== node.length) fail(ref, 'counts wrongly');
      const left = this.#left;
      if (left !== null && compareAt(left, left.length - 1, node, 0) >= 0) {
        fail(ref, 'does not begin above the leaf before it');
      }
      this.#left = node;
      this.#shape.scheme.add(state, node.ids);
      yield;
    } else {
      yield* this.#children(ref, node, state);
    }
    if (!equalBytes(state, this.#view.reader.summary(ref))) fail(ref, 'has a wrong summary');
    if (this.#options.fill !== false) this.#fill(ref, node);
    return state;
  }

  *#children(ref: Ref, inner: Inner<Ref>, state: Uint8Array): Generator<void, void> {
    if (inner.level < 1) fail(ref, 'is an inner node at the level of leaves');
    if (inner.starts[inner.length] !== inner.count) fail(ref, 'counts wrongly');
    for (let at = 0; at < inner.length; at++) {
      const child = childNode(this.#view.reader, inner, at);
      this.#shape.scheme.combine(state, yield* this.node(inner.children[at]!, child));
    }
  }

  #fill(ref: Ref, node: TreeNode<Ref>): void {
    const { leafItems, fanout } = this.#shape;
    if (node.length > (isLeaf(node) ? leafItems : fanout)) fail(ref, 'has too many entries');
    if (isLeaf(node)) return;
    const limit = joinLimit(node.level === 1 ? leafItems : fanout);
    for (let at = 1; at < node.length; at++) {
      const left = childNode(this.#view.reader, node, at - 1).length;
      const right = childNode(this.#view.reader, node, at).length;
      if (left + right <= limit) fail(ref, `has children ${at - 1} and ${at} that fit into one`);
    }
  }
}

function fail(ref: unknown, problem: string): never {
  throw damaged(ref, problem);
}
