import { combineAll, type FingerprintScheme } from '../fingerprint/index.ts';
import { invariant } from '../invariant.ts';
import { childAtRank, childCount, childNode, isLeaf } from './child.ts';
import type { Inner, TreeNode } from './node.ts';
import type { ChildSums, EndSum, NodeReader } from './node-store.ts';
import type { TreeView } from './read.ts';
import { idsOf } from './run.ts';

/** 1 adds, -1 takes away. */
type TallySign = 1 | -1;

/** The scheme's state of the ids of [begin, end); shared where that is the whole tree. */
export function rangeState<Ref>(
  scheme: FingerprintScheme,
  { reader, root }: TreeView<Ref>,
  begin: number,
  end: number,
): Uint8Array {
  if (begin === end) return scheme.empty();
  const node = reader.node(root!);
  const isWithin = begin >= 0 && begin < end && end <= node.count;
  invariant(isWithin, 'session', 'RANGE_STATE', [begin, end, node.count]);
  if (begin === 0 && end === node.count) return reader.summary(root!);
  const tally = new Tally(scheme, reader);
  tally.node(root!, node, { begin, end, sign: 1 });
  return tally.state();
}

interface SignedRange {
  readonly begin: number;
  readonly end: number;
  readonly sign: TallySign;
}

/** States of whole nodes that are to be added to a sum or taken away from it, all together. */
export class Summaries<Ref> {
  readonly #wanted: Uint8Array[] = [];
  readonly #unwanted: Uint8Array[] = [];
  readonly #scheme: FingerprintScheme;
  readonly #reader: NodeReader<Ref>;

  constructor(scheme: FingerprintScheme, reader: NodeReader<Ref>) {
    this.#scheme = scheme;
    this.#reader = reader;
  }

  node(ref: Ref, sign: TallySign): void {
    this.state(this.#reader.summary(ref), sign);
  }

  state(state: Uint8Array, sign: TallySign): void {
    (sign === 1 ? this.#wanted : this.#unwanted).push(state);
  }

  firstChildren(inner: Inner<Ref>, sums: ChildSums, count: number, sign: TallySign): void {
    const near = sums.nearest(count);
    if (near > 0) this.state(sums.first(near), sign);
    for (let at = near; at < count; at++) this.node(inner.children[at]!, sign);
    for (let at = count; at < near; at++) this.node(inner.children[at]!, invert(sign));
  }

  /** Works them into `state`, and forgets them. */
  moveTo(state: Uint8Array): void {
    if (this.#wanted.length > 0) combineAll(this.#scheme, state, this.#wanted);
    // They are few: a sum of them would take a state of its own.
    for (const unwanted of this.#unwanted) this.#scheme.difference(state, unwanted);
    this.#wanted.length = 0;
    this.#unwanted.length = 0;
  }
}

/**
 * Sums a range of ranks. In every node it takes the shorter way: it adds the wanted entries, or it adds
 * the node's summary and takes the others away. Where the reader keeps sums over the children of a node,
 * it takes the difference of two. In a leaf it begins at an end, or where a kept sum ends.
 */
class Tally<Ref> {
  readonly #summaries: Summaries<Ref>;
  readonly #state: Uint8Array;
  readonly #scheme: FingerprintScheme;
  readonly #reader: NodeReader<Ref>;

  constructor(scheme: FingerprintScheme, reader: NodeReader<Ref>) {
    this.#state = scheme.empty();
    this.#scheme = scheme;
    this.#reader = reader;
    this.#summaries = new Summaries(scheme, reader);
  }

  state(): Uint8Array {
    this.#summaries.moveTo(this.#state);
    return this.#state;
  }

  node(ref: Ref, node: TreeNode<Ref>, range: SignedRange): void {
    const { begin, end, sign } = range;
    const sums = isLeaf(node) ? undefined : this.#reader.childSums?.(ref, node);
    if (sums && !isLeaf(node)) {
      this.#difference(node, sums, range);
    } else if ((end - begin) * 2 <= node.count) {
      this.#entries(node, range);
    } else {
      const opposite = invert(sign);
      this.#summaries.node(ref, sign);
      this.#entries(node, { begin: 0, end: begin, sign: opposite });
      this.#entries(node, { begin: end, end: node.count, sign: opposite });
    }
  }

  #entries(node: TreeNode<Ref>, { begin, end, sign }: SignedRange): void {
    if (begin === end) return;
    if (isLeaf(node)) {
      this.#ids(idsOf(node, begin, end), sign);
      return;
    }
    // The last of `starts` is the count, which is never below `end`.
    for (let at = childAtRank(node, begin); node.starts[at]! < end; at++) {
      const start = node.starts[at]!;
      const first = Math.max(begin, start);
      const last = Math.min(end, node.starts[at + 1]!);
      if (last - first === childCount(node, at)) this.#summaries.node(node.children[at]!, sign);
      else this.#cutChild(node, at, { begin: first, end: last, sign });
    }
  }

  #difference(inner: Inner<Ref>, sums: ChildSums, { begin, end, sign }: SignedRange): void {
    const at = childAtRank(inner, begin);
    if (end <= inner.starts[at + 1]!) {
      this.#cutChild(inner, at, { begin, end, sign });
    } else {
      this.#first(inner, sums, end, sign);
      this.#first(inner, sums, begin, invert(sign));
    }
  }

  /** The first `count` items below a node: those of whole children, and the rest of the way. */
  #first(inner: Inner<Ref>, sums: ChildSums, count: number, sign: TallySign): void {
    const at = childAtRank(inner, count);
    const [begin, end] = [inner.starts[at]!, inner.starts[at + 1]!];
    const sum = inner.level === 1 ? this.#endSum(inner, at, count - begin) : undefined;
    const behind = sum?.behind ?? count - begin > end - count;
    this.#summaries.firstChildren(inner, sums, behind ? at + 1 : at, sign);
    if (sum) this.#summaries.state(sum.state, behind ? invert(sign) : sign);
    const known = sum ? begin + sum.position : behind ? end : begin;
    if (known < count) this.#cutChild(inner, at, { begin: known, end: count, sign });
    else this.#cutChild(inner, at, { begin: count, end: known, sign: invert(sign) });
  }

  /** The kept sum of a leaf, if it brings us closer to a position; a new one where both ends are far away. */
  #endSum(inner: Inner<Ref>, at: number, position: number): EndSum | undefined {
    const all = childCount(inner, at);
    const way = Math.min(position, all - position);
    const ref = inner.children[at]!;
    const kept = this.#reader.endSum?.(ref);
    if (kept) return Math.abs(kept.position - position) < way ? kept : undefined;
    if (4 * way <= all || !this.#reader.keepEndSum) return undefined;
    const leaf = childNode(this.#reader, inner, at);
    const behind = 2 * position > all;
    const state = this.#scheme.empty();
    this.#scheme.add(state, behind ? idsOf(leaf, position, all) : idsOf(leaf, 0, position));
    this.#reader.keepEndSum(ref, { position, behind, state });
    return { position, behind, state };
  }

  /** A range that lies within a child; its ranks are those of the node. */
  #cutChild(inner: Inner<Ref>, at: number, { begin, end, sign }: SignedRange): void {
    if (begin === end) return;
    const start = inner.starts[at]!;
    const child = childNode(this.#reader, inner, at);
    this.node(inner.children[at]!, child, { begin: begin - start, end: end - start, sign });
  }

  #ids(ids: Uint8Array, sign: TallySign): void {
    if (sign === 1) this.#scheme.add(this.#state, ids);
    else this.#scheme.subtract(this.#state, ids);
  }
}

function invert(sign: TallySign): TallySign {
  return sign === 1 ? -1 : 1;
}
