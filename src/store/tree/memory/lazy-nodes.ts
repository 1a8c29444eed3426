import { concatBytes } from '../../bytes.ts';
import { combineAll, type FingerprintScheme } from '../../fingerprint/index.ts';
import { isLeaf } from '../child.ts';
import type { KeyRun, Leaf, TreeNode } from '../node.ts';
import { compareAt, idsOf } from '../run.ts';
import type { TreeShape } from '../shape.ts';
import type { HeapNodes } from './heap-tree.ts';

/** A node on the heap. Its summary is computed when it is first asked for; all snapshots share it. */
export class LazyRef {
  readonly node: TreeNode<LazyRef>;
  #summary: Uint8Array | null = null;
  /** An earlier node with a summary, from which a leaf may get its own at less cost. */
  #base: LazyRef | null = null;

  constructor(node: TreeNode<LazyRef>, from: LazyRef | null) {
    this.node = node;
    if (from !== null) this.#base = from.#summary === null ? from.#base : from;
  }

  summary(scheme: FingerprintScheme): Uint8Array {
    this.#summary ??= isLeaf(this.node)
      ? this.#leafState(scheme, this.node)
      : innerState(scheme, this.node.children);
    this.#base = null;
    return this.#summary;
  }

  #leafState(scheme: FingerprintScheme, leaf: Leaf): Uint8Array {
    const state = scheme.empty();
    if (this.#base !== null) {
      const { added, removed } = changesBetween(this.#base.node, leaf);
      if (added.length + removed.length < leaf.ids.length) {
        state.set(this.#base.summary(scheme));
        scheme.add(state, added);
        scheme.subtract(state, removed);
        return state;
      }
    }
    scheme.add(state, leaf.ids);
    return state;
  }
}

function innerState(scheme: FingerprintScheme, children: readonly LazyRef[]): Uint8Array {
  const state = scheme.empty();
  const summaries = children.map((child) => child.summary(scheme));
  combineAll(scheme, state, summaries);
  return state;
}

/** The ids of the keys that one of two runs has and the other lacks. */
function changesBetween(before: KeyRun, after: KeyRun): { added: Uint8Array; removed: Uint8Array } {
  const added: Uint8Array[] = [];
  const removed: Uint8Array[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const order = orderAt(before, i, after, j);
    if (order < 0) removed.push(idsOf(before, i, i + 1));
    if (order > 0) added.push(idsOf(after, j, j + 1));
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return { added: concatBytes(...added), removed: concatBytes(...removed) };
}

/** `compareAt`, for which the end of a run is above all keys. */
function orderAt(a: KeyRun, i: number, b: KeyRun, j: number): number {
  if (i === a.length) return 1;
  return j === b.length ? -1 : compareAt(a, i, b, j);
}

const NO_STATE = new Uint8Array(0);

/** The scheme that writes go by: they move keys only. */
const unsummed: FingerprintScheme = {
  name: 'unsummed',
  stateBytes: 0,
  empty: () => NO_STATE,
  add() {},
  subtract() {},
  combine() {},
  difference() {},
  digest: () => NO_STATE,
};

/** Nodes that are summed when a reader asks, so that writes cost no sums. */
export function lazyNodes({ scheme, leafItems, fanout }: TreeShape): HeapNodes<LazyRef> {
  return {
    scheme,
    shape: { scheme: unsummed, leafItems, fanout },
    writer: {
      node: (ref) => ref.node,
      summary: () => NO_STATE,
      add: (node, _summary, from) => new LazyRef(node, from),
      free() {},
    },
    reader: { node: (ref) => ref.node, summary: (ref) => ref.summary(scheme) },
  };
}
