import type { Bytes } from '../bytes.ts';
import { type Bound, type HeldKey, ID_BYTES, type ItemKey } from '../item.ts';
import { childAtRank, childNode, isLeaf } from './child.ts';
import type { Leaf, TreeNode } from './node.ts';
import type { NodeReader } from './node-store.ts';
import { idsOf, keyAt, searchBound } from './run.ts';

/** Nodes, and the root among them; null for the empty tree. */
export interface TreeView<Ref> {
  readonly reader: NodeReader<Ref>;
  readonly root: Ref | null;
}

/** The ranks that a range takes from one leaf, in the leaf's own counting. */
export interface LeafRange {
  readonly leaf: Leaf;
  readonly begin: number;
  readonly end: number;
}

/** The key at `rank`, 0 <= rank < count; a copy. */
export function select<Ref>(view: TreeView<Ref>, rank: number): HeldKey {
  const { leaf, start } = leafAt(view, rank);
  return keyAt(leaf, rank - start);
}

/** The end of a leaf that lies nearest to `rank`, 0 <= rank <= count. */
export function leafEdge<Ref>(view: TreeView<Ref>, rank: number): number {
  if (view.root === null) return 0;
  const { leaf, start } = leafAt(view, rank);
  return rank - start < leaf.count / 2 ? start : start + leaf.count;
}

/** The leaf that holds a rank, and the rank of its first key. */
function leafAt<Ref>({ reader, root }: TreeView<Ref>, rank: number): { leaf: Leaf; start: number } {
  let node = reader.node(root!);
  let start = 0;
  while (!isLeaf(node)) {
    const at = childAtRank(node, rank - start);
    start += node.starts[at]!;
    node = childNode(reader, node, at);
  }
  return { leaf: node, start };
}

/** Rank of the first key at or above `bound`; the count of all when there is none. */
export function lowerBound<Ref>(view: TreeView<Ref>, bound: Bound): number {
  return rankFound(view, (node) => searchBound(node, bound));
}

/**
 * How many keys `isBelow` holds for: it must hold for all up to some rank, and for none behind. Reads
 * one path.
 */
export function countBelow<Ref>(
  view: TreeView<Ref>,
  isBelow: (key: ItemKey, rank: number) => boolean,
): number {
  return rankFound(view, (node, rank) => {
    let low = 0;
    let high = node.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = isLeaf(node) ? middle : node.starts[middle]!;
      if (isBelow(keyAt(node, middle), rank + start)) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/**
 * Rank of the first key that a search does not pass. `search` counts the entries of a node that it
 * passes; it is given the rank of the first.
 */
function rankFound<Ref>(
  { reader, root }: TreeView<Ref>,
  search: (node: TreeNode<Ref>, rank: number) => number,
): number {
  if (root === null) return 0;
  let rank = 0;
  for (let node = reader.node(root); ; ) {
    const passed = search(node, rank);
    if (isLeaf(node)) return rank + passed;
    if (passed === 0) return rank;
    rank += node.starts[passed - 1]!;
    node = childNode(reader, node, passed - 1);
  }
}

/** The leaves that hold [begin, end), in order. */
export function leafRanges<Ref>(
  { reader, root }: TreeView<Ref>,
  begin: number,
  end: number,
): Iterable<LeafRange> {
  return begin < end ? leavesBelow(reader, reader.node(root!), begin, end) : [];
}

function* leavesBelow<Ref>(
  reader: NodeReader<Ref>,
  node: TreeNode<Ref>,
  begin: number,
  end: number,
): Iterable<LeafRange> {
  if (isLeaf(node)) {
    yield { leaf: node, begin, end };
    return;
  }
  // The last of `starts` is the count, which is never below `end`.
  for (let at = childAtRank(node, begin); node.starts[at]! < end; at++) {
    const start = node.starts[at]!;
    const child = childNode(reader, node, at);
    const from = Math.max(0, begin - start);
    const to = Math.min(child.count, end - start);
    if (isLeaf(child)) yield { leaf: child, begin: from, end: to };
    else yield* leavesBelow(reader, child, from, to);
  }
}

/** The keys of [begin, end), in order; copies. */
export function* keysIn<Ref>(view: TreeView<Ref>, begin: number, end: number): Iterable<HeldKey> {
  for (const range of leafRanges(view, begin, end)) {
    for (let at = range.begin; at < range.end; at++) yield keyAt(range.leaf, at);
  }
}

/** The ids of [begin, end), in order, concatenated; a fresh array. */
export function copyIds<Ref>(view: TreeView<Ref>, begin: number, end: number): Bytes {
  const ids = new Uint8Array((end - begin) * ID_BYTES);
  let offset = 0;
  for (const range of leafRanges(view, begin, end)) {
    const part = idsOf(range.leaf, range.begin, range.end);
    ids.set(part, offset);
    offset += part.length;
  }
  return ids;
}
