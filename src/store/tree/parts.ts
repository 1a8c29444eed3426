import { invariant } from '../invariant.ts';
import { childCount, childNode, isLeaf } from './child.ts';
import type { Inner, KeyRun, Leaf, TreeNode } from './node.ts';
import type { NodeWriter } from './node-store.ts';
import { concatRuns, copyKeys, newRun } from './run.ts';
import { joinLimit, type TreeShape } from './shape.ts';

/** A node on its way under a new parent. */
export interface TreePart<Ref> {
  readonly ref: Ref;
  readonly count: number;
  /** Where its first key lies. */
  readonly keys: KeyRun;
  readonly at: number;
  /** It or its left neighbour is new, so the two may have to be joined. */
  readonly fresh: boolean;
}

export function newLeaf(run: KeyRun, spot: number): Leaf {
  const { length, hints, ids } = run;
  return { level: 0, count: length, children: null, spot, length, hints, ids };
}

export function newInner<Ref>(
  level: number,
  parts: readonly TreePart<Ref>[],
  spot: number,
): Inner<Ref> {
  const run = newRun(parts.length);
  const { length, hints, ids } = run;
  const starts = new Float64Array(length + 1);
  for (let i = 0; i < length; ) {
    const end = stretchEnd(parts, i);
    const { keys, at } = parts[i]!;
    copyKeys(keys, at, at + end - i, run, i);
    for (; i < end; i++) starts[i + 1] = starts[i]! + parts[i]!.count;
  }
  const count = starts[length]!;
  invariant(count >= length && length > 0, 'commit', 'NODE_EMPTY', [level, length, count]);
  const children = parts.map((part) => part.ref);
  return { level, count, children, starts, spot, length, hints, ids };
}

function stretchEnd<Ref>(parts: readonly TreePart<Ref>[], begin: number): number {
  const { keys, at } = parts[begin]!;
  let end = begin + 1;
  while (end < parts.length && parts[end]!.keys === keys && parts[end]!.at === at + end - begin) {
    end++;
  }
  return end;
}

/** Adds a node, see `NodeWriter.add`; what its parent needs to know of it. */
export function addPart<Ref>(
  nodes: NodeWriter<Ref>,
  node: TreeNode<Ref>,
  summary: Uint8Array,
  from: Ref | null = null,
): TreePart<Ref> {
  return { ref: nodes.add(node, summary, from), count: node.count, keys: node, at: 0, fresh: true };
}

/** Appends the children of [begin, end), which the write left alone. */
export function pushChildren<Ref>(
  into: TreePart<Ref>[],
  inner: Inner<Ref>,
  begin: number,
  end: number,
): void {
  for (let at = begin; at < end; at++) {
    into.push({
      ref: inner.children[at]!,
      count: childCount(inner, at),
      keys: inner,
      at,
      fresh: false,
    });
  }
}

/** Joins neighbours of one level, none of them alone in the tree, until the fill rule holds. */
export class Joiner<Ref> {
  readonly #shape: TreeShape;
  readonly #nodes: NodeWriter<Ref>;

  constructor(shape: TreeShape, nodes: NodeWriter<Ref>) {
    this.#shape = shape;
    this.#nodes = nodes;
  }

  /** `parts` themselves where there is nothing to join. */
  join(level: number, parts: readonly TreePart<Ref>[]): readonly TreePart<Ref>[] {
    const result: TreePart<Ref>[] = [];
    for (const part of parts) {
      const left = result.at(-1);
      if (left !== undefined && this.#fit(level, left, part)) {
        result[result.length - 1] = this.#joined(left, part);
      } else {
        result.push(part);
      }
    }
    return result.length === parts.length ? parts : result;
  }

  #fit(level: number, left: TreePart<Ref>, right: TreePart<Ref>): boolean {
    if (!left.fresh && !right.fresh) return false;
    const limit = joinLimit(level === 0 ? this.#shape.leafItems : this.#shape.fanout);
    const [known, other] = left.fresh ? [left, right] : [right, left];
    const entries = this.#entries(level, known);
    return entries < limit && entries + this.#entries(level, other) <= limit;
  }

  #entries(level: number, part: TreePart<Ref>): number {
    return level === 0 ? part.count : this.#nodes.node(part.ref).length;
  }

  #joined(left: TreePart<Ref>, right: TreePart<Ref>): TreePart<Ref> {
    const first = this.#nodes.node(left.ref);
    const second = this.#nodes.node(right.ref);
    const summary = this.#nodes.summary(left.ref).slice();
    this.#shape.scheme.combine(summary, this.#nodes.summary(right.ref));
    this.#nodes.free(left.ref);
    this.#nodes.free(right.ref);
    return addPart(this.#nodes, this.#joinedNode(first, second), summary, left.ref);
  }

  #joinedNode(left: TreeNode<Ref>, right: TreeNode<Ref>): TreeNode<Ref> {
    if (isLeaf(left) || isLeaf(right)) return newLeaf(concatRuns(left, right), 0);
    const parts: TreePart<Ref>[] = [];
    pushChildren(parts, left, 0, left.length);
    pushChildren(parts, right, 0, right.length);
    parts[left.length] = { ...parts[left.length]!, fresh: true };
    return newInner(left.level, this.join(left.level - 1, parts), 0);
  }
}

/** The root of a tree that holds `parts`, all of one level: as low as it can be; null for none. */
export function rootOver<Ref>(nodes: NodeWriter<Ref>, part: TreePart<Ref> | undefined): Ref | null {
  if (part === undefined) return null;
  let ref = part.ref;
  for (let node = nodes.node(ref); !isLeaf(node) && node.length === 1; ) {
    const child = childNode(nodes, node, 0);
    nodes.free(ref);
    ref = node.children[0]!;
    node = child;
  }
  return ref;
}
