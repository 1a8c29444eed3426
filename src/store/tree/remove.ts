import { editTree } from './edit.ts';
import { withoutKeys } from './merge.ts';
import type { KeyRun } from './node.ts';
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
  const { scheme } = shape;
  return editTree(shape, nodes, root, batch, {
    apply: (summary, delta) => scheme.difference(summary, delta),
    rewrite(ref, leaf, gone) {
      // From the leaf that stands for an empty tree no key can go, so `ref` is a node from here on.
      const run = withoutKeys(leaf, gone);
      const delta = scheme.empty();
      scheme.add(delta, gone.ids);
      const summary = nodes.summary(ref!).slice();
      scheme.difference(summary, delta);
      nodes.free(ref!);
      const parts = run.length === 0 ? [] : [addPart(nodes, newLeaf(run, 0), summary, ref)];
      return { parts, delta };
    },
  });
}
