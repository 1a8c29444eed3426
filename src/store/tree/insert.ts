import { ID_BYTES } from '../item.ts';
import { editTree, type LeafEdit, type NodeChange } from './edit.ts';
import { mergeRuns } from './merge.ts';
import type { KeyRun, Leaf } from './node.ts';
import type { NodeWriter } from './node-store.ts';
import { addPart, newLeaf, type TreePart } from './parts.ts';
import { searchPosition, sliceRun } from './run.ts';
import { cutSizes, isSeries, type Piece, piecesOf, spotWithin, type TreeShape } from './shape.ts';

/**
 * The tree under `root` (null: the empty one) and the keys of `batch`, as a new root. Throws a
 * RangeError unless they ascend and are new.
 */
export function insertInto<Ref>(
  shape: TreeShape,
  nodes: NodeWriter<Ref>,
  root: Ref | null,
  batch: KeyRun,
): Ref | null {
  return editTree(shape, nodes, root, batch, new Insertion(shape));
}

/** One leaf of those that an old one and its new keys are cut into. */
interface LeafPiece extends Piece {
  /** State of the ids in it that are new. */
  readonly added: Uint8Array;
  /** The ids in it that the old leaf held. */
  readonly kept: Uint8Array;
}

class Insertion implements LeafEdit {
  readonly #shape: TreeShape;

  constructor(shape: TreeShape) {
    this.#shape = shape;
  }

  apply(summary: Uint8Array, delta: Uint8Array): void {
    this.#shape.scheme.combine(summary, delta);
  }

  rewrite<Ref>(
    nodes: NodeWriter<Ref>,
    ref: Ref | null,
    leaf: Leaf,
    batch: KeyRun,
  ): NodeChange<Ref> {
    const { scheme, leafItems } = this.#shape;
    const { run, positions } = mergeRuns(leaf, batch);
    const growth = { begin: positions[0]!, end: positions.at(-1)! + 1 };
    const together = growth.end - growth.begin === batch.length;
    const series = together && isSeries(growth, leaf.spot) ? growth : null;
    const pieces = piecesOf(cutSizes(run.length, leafItems, series)).map((piece) =>
      this.#pieceOf(piece, leaf, { batch, positions }),
    );
    const old = ref === null ? scheme.empty() : nodes.summary(ref);
    if (ref !== null) nodes.free(ref);
    const summaries = this.#summaries(pieces, old);
    const parts: TreePart<Ref>[] = pieces.map(({ begin, end }, i) => {
      const spot = together ? spotWithin(growth.end, begin, end) : 0;
      const keys = pieces.length === 1 ? run : sliceRun(run, begin, end);
      return addPart(nodes, newLeaf(keys, spot), summaries[i]!, ref);
    });
    return { parts, delta: this.#delta(pieces) };
  }

  #pieceOf({ begin, end }: Piece, leaf: Leaf, { batch, positions }: Placed): LeafPiece {
    const from = searchPosition(positions, begin);
    const to = searchPosition(positions, end);
    const added = this.#shape.scheme.empty();
    this.#shape.scheme.add(added, batch.ids.subarray(from * ID_BYTES, to * ID_BYTES));
    const kept = leaf.ids.subarray((begin - from) * ID_BYTES, (end - to) * ID_BYTES);
    return { begin, end, added, kept };
  }

  /** The piece with most of the old ids takes the old summary, less what the others took along. */
  #summaries(pieces: readonly LeafPiece[], old: Uint8Array): Uint8Array[] {
    const { scheme } = this.#shape;
    const heir = pieces.reduce((a, b) => (b.kept.length > a.kept.length ? b : a));
    const rest = old.slice();
    const summaries = pieces.map((piece) => {
      if (piece === heir) return rest;
      const state = scheme.empty();
      scheme.add(state, piece.kept);
      scheme.difference(rest, state);
      return state;
    });
    pieces.forEach((piece, i) => {
      scheme.combine(summaries[i]!, piece.added);
    });
    return summaries;
  }

  #delta(pieces: readonly LeafPiece[]): Uint8Array {
    const [first, ...others] = pieces;
    for (const piece of others) this.#shape.scheme.combine(first!.added, piece.added);
    return first!.added;
  }
}

interface Placed {
  readonly batch: KeyRun;
  /** Where each key of the batch stands among all. */
  readonly positions: Uint32Array;
}
