import { invariant } from '../../invariant.ts';
import { type BatchSink, Scratch } from '../../level/index.ts';
import type { TreeNode } from '../node.ts';
import type { NodeReader, NodeWriter } from '../node-store.ts';
import { encodeNode, encodeSummary, nodeBytes } from './codec.ts';
import { cacheKeys, LevelNodeReader, type LevelTreeFiles, summaryBytes } from './reader.ts';

interface NewNode {
  readonly node: TreeNode<number>;
  readonly summary: Uint8Array;
}

/** Collects the changes of one write on top of the nodes on disk. */
export class LevelNodeWriter implements NodeWriter<number> {
  #reader: NodeReader<number>;
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
    invariant(ref > 0 && ref < this.#nextRef, 'commit', 'NODE_FREED', [ref, this.#nextRef]);
    if (!this.#added.delete(ref)) this.#freed.push(ref);
  }

  /** Gives the operations that replace the freed nodes by the new ones on disk. */
  fill({ keys }: LevelTreeFiles, sink: BatchSink): void {
    const scratch = new Scratch();
    for (const [ref, { node, summary }] of this.#added) {
      sink.put(keys.node(ref), encodeNode(node, scratch));
      sink.put(keys.summary(ref), encodeSummary(summary, scratch));
    }
    for (const ref of this.#freed) {
      sink.del(keys.node(ref));
      sink.del(keys.summary(ref));
    }
  }

  /** Moves the new nodes, which are on disk now, to the cache, for readers and for a writer on top. */
  publish(files: LevelTreeFiles): void {
    const { cache } = files;
    for (const ref of this.#freed) {
      for (const keyOf of Object.values(cacheKeys)) cache.delete(keyOf(ref));
    }
    for (const [ref, { node, summary }] of this.#added) {
      cache.set(cacheKeys.node(ref), node, nodeBytes(node));
      cache.set(cacheKeys.summary(ref), summary, summaryBytes(summary));
    }
    this.#added.clear();
    this.#reader = new LevelNodeReader(files);
  }
}
