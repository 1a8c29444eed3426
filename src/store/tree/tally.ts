import { combineAll, type FingerprintScheme } from '../fingerprint/index.ts';
import { childAtRank, childCount, childNode, isLeaf } from './child.ts';
import type { TreeNode } from './node.ts';
import type { NodeReader } from './node-store.ts';
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

/**
 * Sums a range of ranks. In every node it takes the shorter way: it adds the wanted entries, or it adds
 * the node's summary and takes the others away.
 */
class Tally<Ref> {
  /** Summaries to add together, those of 1 and those of -1. */
  readonly #summaries = { wanted: [] as Uint8Array[], unwanted: [] as Uint8Array[] };
  readonly #state: Uint8Array;
  readonly #scheme: FingerprintScheme;
  readonly #reader: NodeReader<Ref>;

  constructor(scheme: FingerprintScheme, reader: NodeReader<Ref>) {
    this.#state = scheme.empty();
    this.#scheme = scheme;
    this.#reader = reader;
  }

  state(): Uint8Array {
    const { wanted, unwanted } = this.#summaries;
    combineAll(this.#scheme, this.#state, wanted);
    if (unwanted.length === 0) return this.#state;
    const rest = this.#scheme.empty();
    combineAll(this.#scheme, rest, unwanted);
    this.#scheme.difference(this.#state, rest);
    return this.#state;
  }

  node(ref: Ref, node: TreeNode<Ref>, { begin, end, sign }: SignedRange): void {
    if ((end - begin) * 2 <= node.count) {
      this.#entries(node, { begin, end, sign });
    } else {
      const opposite = sign === 1 ? -1 : 1;
      this.#summary(ref, sign);
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
      const first = Math.max(0, begin - start);
      const last = Math.min(childCount(node, at), end - start);
      const ref = node.children[at]!;
      if (last - first === childCount(node, at)) this.#summary(ref, sign);
      else this.node(ref, childNode(this.#reader, node, at), { begin: first, end: last, sign });
    }
  }

  #summary(ref: Ref, sign: TallySign): void {
    const { wanted, unwanted } = this.#summaries;
    (sign === 1 ? wanted : unwanted).push(this.#reader.summary(ref));
  }

  #ids(ids: Uint8Array, sign: TallySign): void {
    if (sign === 1) this.#scheme.add(this.#state, ids);
    else this.#scheme.subtract(this.#state, ids);
  }
}
