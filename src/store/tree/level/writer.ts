import type { TreeNode } from '../node.ts';
import type { NodeReader, NodeWriter } from '../node-store.ts';
import { encodeNode, encodeSummary, nodeBytes } from './codec.ts';
import { type LevelTreeFiles, summaryBytes } from './reader.ts';

/** One record to write or to delete, as abstract-level's batches take it. */
export type BatchOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

interface NewNode {
  readonly node: TreeNode<number>;
  readonly summary: Uint8Array;
}

/** Collects what one write changes, on top of what is on disk. */
export class LevelNodeWriter implements NodeWriter<number> {
  readonly #reader: NodeReader<number>;
  readonly #added = new Map<number, NewNode>();
  readonly #freed: number[] = [];
  #nextRef: number;

  constructor(reader: NodeReader<number>, nextRef: number) {
    this.#reader = reader;
    this.#nextRef = nextRef;
  }

  /** The first number that no node has had. */
  get nextRef(): number {
    return this.#nextRef;
  }

  node(ref: number): TreeNode<number> {
    return this.#added.get(ref)?.node ?? this.#reader.node(ref);
  }

  summary(ref: number): Uint8Array {
    return this.#added.get(ref)?.summary ?? this.#reader.summary(ref);
  }

  add(node: TreeNode<number>, summary: Uint8Array): number {
    const ref = this.#nextRef++;
    this.#added.set(ref, { node, summary });
    return ref;
  }

  free(ref: number): void {
    if (!this.#added.delete(ref)) this.#freed.push(ref);
  }

  /** What makes the new nodes take the place of the freed ones on disk. */
  operations({ keys }: LevelTreeFiles): BatchOperation[] {
    const operations: BatchOperation[] = [];
    for (const [ref, { node, summary }] of this.#added) {
      operations.push({ type: 'put', key: keys.node(ref), value: encodeNode(node) });
      operations.push({ type: 'put', key: keys.summary(ref), value: encodeSummary(summary) });
    }
    for (const ref of this.#freed) {
      operations.push({ type: 'del', key: keys.node(ref) });
      operations.push({ type: 'del', key: keys.summary(ref) });
    }
    return operations;
  }

  /** Lets readers have the new nodes without asking the disk, now that they are there. */
  publish({ cache }: LevelTreeFiles): void {
    for (const ref of this.#freed) {
      cache.delete(2 * ref);
      cache.delete(2 * ref + 1);
    }
    for (const [ref, { node, summary }] of this.#added) {
      cache.set(2 * ref, node, nodeBytes(node));
      cache.set(2 * ref + 1, summary, summaryBytes(summary));
    }
  }
}
