import type { TreeNode } from '../node.ts';
import type { NodeWriter } from '../node-store.ts';

/** A reference that is the node itself, so that the garbage collector does the freeing. */
export interface MemoryRef {
  readonly node: TreeNode<MemoryRef>;
  readonly summary: Uint8Array;
}

/** Nodes on the heap; a tree is what its root holds on to. */
export const memoryNodes: NodeWriter<MemoryRef> = {
  node: (ref) => ref.node,
  summary: (ref) => ref.summary,
  add: (node, summary) => ({ node, summary }),
  free() {},
};
