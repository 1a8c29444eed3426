import type { Bytes } from '../../bytes.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { invariant } from '../../invariant.ts';
import type { Bound, HeldKey } from '../../item.ts';
import { insertInto } from '../insert.ts';
import type { KeyRun } from '../node.ts';
import type { NodeReader, NodeWriter } from '../node-store.ts';
import { copyIds, keysIn, lowerBound, select, type TreeView } from '../read.ts';
import { removeFrom } from '../remove.ts';
import type { TreeShape } from '../shape.ts';
import { rangeState } from '../tally.ts';

/** How the nodes of a tree on the heap are written and read. */
export interface HeapNodes<Ref> {
  readonly scheme: FingerprintScheme;
  /** For writes. Its scheme may be another, when summaries are not the work of writes. */
  readonly shape: TreeShape;
  readonly writer: NodeWriter<Ref>;
  readonly reader: NodeReader<Ref>;
}

/** A tree on the heap. Immutable: a write gives a new tree that shares all nodes it did not touch. */
export class HeapTree<Ref> {
  readonly size: number;
  readonly view: TreeView<Ref>;
  readonly #nodes: HeapNodes<Ref>;

  constructor(nodes: HeapNodes<Ref>, root: Ref | null = null) {
    this.size = root === null ? 0 : nodes.reader.node(root).count;
    this.view = { reader: nodes.reader, root };
    this.#nodes = nodes;
  }

  get scheme(): FingerprintScheme {
    return this.#nodes.scheme;
  }

  /** See `insertInto`. */
  insert(keys: KeyRun): HeapTree<Ref> {
    const { shape, writer } = this.#nodes;
    const root = insertInto(shape, writer, this.view.root, keys);
    return this.#grown(root, keys.length);
  }

  /** See `removeFrom`. */
  remove(keys: KeyRun): HeapTree<Ref> {
    const { shape, writer } = this.#nodes;
    const root = removeFrom(shape, writer, this.view.root, keys);
    return this.#grown(root, -keys.length);
  }

  #grown(root: Ref | null, by: number): HeapTree<Ref> {
    const tree = new HeapTree(this.#nodes, root);
    invariant(tree.size === this.size + by, 'commit', 'HEAP_COUNT', [this.size, by, tree.size]);
    return tree;
  }

  select(rank: number): HeldKey {
    return select(this.view, rank);
  }

  lowerBound(bound: Bound): number {
    return lowerBound(this.view, bound);
  }

  keys(begin: number, end: number): Iterable<HeldKey> {
    return keysIn(this.view, begin, end);
  }

  ids(begin: number, end: number): Bytes {
    return copyIds(this.view, begin, end);
  }

  /** Shared where the range is everything: not to be written to. */
  fingerprint(begin: number, end: number): Uint8Array {
    return rangeState(this.scheme, this.view, begin, end);
  }

  /** The nodes directly above the leaves, in order; a leaf that is the whole tree stands for itself. */
  groups(): Ref[] {
    const { reader, root } = this.view;
    const below = (ref: Ref): Ref[] => {
      const node = reader.node(ref);
      return node.children === null || node.level === 1 ? [ref] : node.children.flatMap(below);
    };
    return root === null ? [] : below(root);
  }

  /** Computes the summary of a node, where that was not done yet. */
  sum(ref: Ref): void {
    this.view.reader.summary(ref);
  }

  /** Likewise of a node above the leaves, so many leaves at a time. */
  *sumSteps(ref: Ref, leaves: number): Generator<void, void> {
    const children = this.view.reader.node(ref).children ?? [];
    for (const [i, child] of children.entries()) {
      if (i > 0 && i % leaves === 0) yield;
      this.sum(child);
    }
    this.sum(ref);
  }
}
