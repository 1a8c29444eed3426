import type { FingerprintScheme } from '../fingerprint/index.ts';
import { childAtRank, childCount, childNode, isLeaf } from './child.ts';
import type { Inner, Leaf, TreeNode } from './node.ts';
import type { ChildSums, NodeReader } from './node-store.ts';
import type { TreeView } from './read.ts';
import { idsOf } from './run.ts';
import { Summaries } from './tally.ts';

/**
 * The scheme's states of the ids between each two neighbours of `cuts`, which ascend, in one walk. It
 * opens only the nodes that a cut goes through, and takes the summaries of the others.
 */
export function splitStates<Ref>(
  scheme: FingerprintScheme,
  { reader, root }: TreeView<Ref>,
  cuts: readonly number[],
): Uint8Array[] {
  const states = cuts.slice(1).map(() => scheme.empty());
  if (root === null || cuts[0] === cuts.at(-1)) return states;
  const split = new Split(scheme, reader, cuts, states);
  split.node(root, reader.node(root), 0);
  split.finish();
  return states;
}

class Split<Ref> {
  readonly #scheme: FingerprintScheme;
  readonly #reader: NodeReader<Ref>;
  readonly #cuts: readonly number[];
  readonly #states: readonly Uint8Array[];
  /** The part that the walk has come to. */
  #part = 0;
  /** Those of this part, which are not added yet: together that is quicker. */
  readonly #summaries: Summaries<Ref>;

  constructor(
    scheme: FingerprintScheme,
    reader: NodeReader<Ref>,
    cuts: readonly number[],
    states: readonly Uint8Array[],
  ) {
    this.#scheme = scheme;
    this.#reader = reader;
    this.#cuts = cuts;
    this.#states = states;
    this.#summaries = new Summaries(scheme, reader);
  }

  /** Distributes the ids below a node, whose first rank is `start`. */
  node(ref: Ref, node: TreeNode<Ref>, start: number): void {
    if (isLeaf(node)) {
      this.#leaf(ref, node, start);
      return;
    }
    const first = this.#cuts[0]!;
    const last = this.#cuts.at(-1)!;
    const sums = this.#reader.childSums?.(ref, node);
    for (
      let at = childAtRank(node, Math.max(0, first - start));
      at < node.length && start + node.starts[at]! < last;
      at++
    ) {
      const begin = start + node.starts[at]!;
      this.#skipTo(begin);
      if (this.#inPart(begin, begin + childCount(node, at))) {
        at = this.#takeChildren(node, at, start, sums) - 1;
      } else {
        this.node(node.children[at]!, childNode(this.#reader, node, at), begin);
      }
    }
  }

  /** Takes all children from `at` on that lie in the part; the position behind them. */
  #takeChildren(
    inner: Inner<Ref>,
    at: number,
    start: number,
    sums: ChildSums | null | undefined,
  ): number {
    const stop = this.#cuts[this.#part + 1]! - start;
    const end = stop >= inner.count ? inner.length : childAtRank(inner, stop);
    if (sums) {
      this.#summaries.firstChildren(inner, sums, end, 1);
      this.#summaries.firstChildren(inner, sums, at, -1);
    } else {
      for (let i = at; i < end; i++) this.#summaries.node(inner.children[i]!, 1);
    }
    return end;
  }

  /** Completes the state of the last part: to be called when the walk is over. */
  finish(): void {
    this.#summaries.moveTo(this.#states[this.#part]!);
  }

  #leaf(ref: Ref, leaf: Leaf, start: number): void {
    this.#skipTo(start);
    if (this.#inPart(start, start + leaf.count)) {
      this.#summaries.node(ref, 1);
      return;
    }
    const stop = Math.min(start + leaf.count, this.#cuts.at(-1)!);
    for (let at = Math.max(start, this.#cuts[0]!); at < stop; ) {
      this.#skipTo(at);
      const end = Math.min(stop, this.#cuts[this.#part + 1]!);
      this.#scheme.add(this.#states[this.#part]!, idsOf(leaf, at - start, end - start));
      at = end;
    }
  }

  /** Moves on to the part that `rank` lies in; parts may be empty. */
  #skipTo(rank: number): void {
    while (this.#part + 2 < this.#cuts.length && this.#cuts[this.#part + 1]! <= rank) {
      this.finish();
      this.#part++;
    }
  }

  #inPart(begin: number, end: number): boolean {
    return this.#cuts[this.#part]! <= begin && end <= this.#cuts[this.#part + 1]!;
  }
}
