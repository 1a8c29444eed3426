import { editTree, type LeafEdit, type NodeChange } from './edit.ts';
import { withoutKeys } from './merge.ts';
import type { KeyRun, Leaf } from './node.ts';
import type { NodeWriter } from './node-store.ts';
import { addPart, newLeaf } from './parts.ts';
import type { TreeShape } from './shape.ts';

/**
 * The tree under `root` without the keys of `batch`, as a new root; null when nothing is left.
 * Throws a RangeError unless they ascend and are all there.
 */
export function removeFrom<Ref>(
  shape: TreeShape,
  nodes: NodeWriter<Ref>,
  root: Ref | null,
  batch: KeyRun,
): Ref | null {
  return editTree(shape, nodes, root, batch, new Removal(shape));
}

class Removal implements LeafEdit {
  readonly #shape: TreeShape;

  constructor(shape: TreeShape) {
    this.#shape = shape;
  }

  apply(summary: Uint8Array, delta: Uint8Array): void {
    this.#shape.scheme.difference(summary, delta);
  }

  rewrite<Ref>(
    nodes: NodeWriter<Ref>,
    ref: Ref | null,
    leaf: Leaf,
    batch: KeyRun,
  ): NodeChange<Ref> {
    const { scheme } = this.#shape;
    // Of the leaf that an empty tree is taken for nothing can be removed, so `ref` is a node from here on.
    const run = withoutKeys(leaf, batch);
    const delta = scheme.empty();
    scheme.add(delta, batch.ids);
    const summary = nodes.summary(ref!).slice();
    this.apply(summary, delta);
    nodes.free(ref!);
    const parts = run.length === 0 ? [] : [addPart(nodes, newLeaf(run, 0), summary, ref)];
    return { parts, delta };
  }
}
