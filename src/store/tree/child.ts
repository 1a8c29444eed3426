import { StoreError } from '../errors.ts';
import type { Inner, Leaf, TreeNode } from './node.ts';
import type { NodeReader } from './node-store.ts';
import { compareAt } from './run.ts';

export function isLeaf<Ref>(node: TreeNode<Ref>): node is Leaf {
  return node.children === null;
}

/** Items below the child at a position. */
export function childCount<Ref>(inner: Inner<Ref>, at: number): number {
  return inner.starts[at + 1]! - inner.starts[at]!;
}

/** The child at a position. Throws `STORE_CORRUPT` when it is not what its parent says it is. */
export function childNode<Ref>(
  reader: NodeReader<Ref>,
  inner: Inner<Ref>,
  at: number,
): TreeNode<Ref> {
  const ref = inner.children[at]!;
  const node = reader.node(ref);
  const fits = node.level === inner.level - 1 && node.count === childCount(inner, at);
  if (fits && compareAt(node, 0, inner, at) === 0) return node;
  const error = damaged(ref, 'has another level, count or first key than its parent says');
  reader.onDamage?.(error);
  throw error;
}

export function damaged(ref: unknown, problem: string): StoreError {
  const name = typeof ref === 'number' ? ref : '';
  return new StoreError(
    'STORE_CORRUPT',
    `node ${name} of the tree ${problem}: the tree is damaged, build it again from the items`,
  );
}

/** Position of the child that holds the item of a rank, 0 <= rank < count. */
export function childAtRank<Ref>(inner: Inner<Ref>, rank: number): number {
  let low = 0;
  let high = inner.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (inner.starts[middle]! <= rank) low = middle;
    else high = middle - 1;
  }
  return low;
}
