import { combineAll, type FingerprintScheme } from '../fingerprint/index.ts';
import { childAtRank, childCount, childNode, isLeaf } from './child.ts';
import type { Leaf, TreeNode } from './node.ts';
import type { NodeReader } from './node-store.ts';
import type { TreeView } from './read.ts';
import { idsOf } from './run.ts';

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
  /** Summaries that belong to this part and are not added yet: together that is quicker. */
  readonly #taken: Uint8Array[] = [];

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
  }

  /** Distributes the ids below a node, whose first rank is `start`. */
  node(ref: Ref, node: TreeNode<Ref>, start: number): void {
    if (isLeaf(node)) {
      this.#leaf(ref, node, start);
      return;
    }
    const first = this.#cuts[0]!;
    const last = this.#cuts.at(-1)!;
    for (
      let at = childAtRank(node, Math.max(0, first - start));
      at < node.length && start + node.starts[at]! < last;
      at++
    ) {
      const begin = start + node.starts[at]!;
      const child = node.children[at]!;
      this.#skipTo(begin);
      if (this.#inPart(begin, begin + childCount(node, at))) this.#take(child);
      else this.node(child, childNode(this.#reader, node, at), begin);
    }
  }

  /** Completes the state of the last part: to be called when the walk is over. */
  finish(): void {
    if (this.#taken.length === 0) return;
    combineAll(this.#scheme, this.#states[this.#part]!, this.#taken);
    this.#taken.length = 0;
  }

  #leaf(ref: Ref, leaf: Leaf, start: number): void {
    this.#skipTo(start);
    if (this.#inPart(start, start + leaf.count)) {
      this.#take(ref);
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

  #take(ref: Ref): void {
    this.#taken.push(this.#reader.summary(ref));
  }
}
