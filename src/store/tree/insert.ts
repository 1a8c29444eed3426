import type { FingerprintScheme } from '../fingerprint/index.ts';
import { editTree } from './edit.ts';
import { type Merged, mergeRuns } from './merge.ts';
import type { KeyRun, Leaf } from './node.ts';
import type { NodeWriter } from './node-store.ts';
import { addPart, newLeaf } from './parts.ts';
import { idsOf, searchPosition, sliceRun } from './run.ts';
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
  const { scheme, leafItems } = shape;
  return editTree(shape, nodes, root, batch, {
    apply: (summary, delta) => scheme.combine(summary, delta),
    rewrite(ref, leaf, added) {
      const { run, positions } = mergeRuns(leaf, added);
      const growth = { begin: positions[0]!, end: positions.at(-1)! + 1 };
      const together = growth.end - growth.begin === added.length;
      const series = together && isSeries(growth, leaf.spot) ? growth : null;
      const pieces = piecesOf(cutSizes(run.length, leafItems, series)).map((piece) =>
        leafPiece(scheme, piece, { leaf, added, positions }),
      );
      const old = ref === null ? scheme.empty() : nodes.summary(ref);
      if (ref !== null) nodes.free(ref);
      const summaries = summariesOf(scheme, pieces, old);
      const parts = pieces.map(({ begin, end }, i) => {
        const spot = together ? spotWithin(growth.end, begin, end) : 0;
        const keys = pieces.length === 1 ? run : sliceRun(run, begin, end);
        return addPart(nodes, newLeaf(keys, spot), summaries[i]!, ref);
      });
      const delta = pieces[0]!.added;
      for (const piece of pieces.slice(1)) scheme.combine(delta, piece.added);
      return { parts, delta };
    },
  });
}

/** One leaf of those that an old one and its new keys are cut into. */
interface LeafPiece extends Piece {
  /** State of the ids in it that are new. */
  readonly added: Uint8Array;
  /** The ids in it that the old leaf held. */
  readonly kept: Uint8Array;
}

interface Placed extends Pick<Merged, 'positions'> {
  readonly leaf: Leaf;
  readonly added: KeyRun;
}

function leafPiece(
  scheme: FingerprintScheme,
  { begin, end }: Piece,
  { leaf, added, positions }: Placed,
): LeafPiece {
  const from = searchPosition(positions, begin);
  const to = searchPosition(positions, end);
  const state = scheme.empty();
  scheme.add(state, idsOf(added, from, to));
  return { begin, end, added: state, kept: idsOf(leaf, begin - from, end - to) };
}

/** The piece with most of the old ids takes the old summary, less those of the other pieces. */
function summariesOf(
  scheme: FingerprintScheme,
  pieces: readonly LeafPiece[],
  old: Uint8Array,
): Uint8Array[] {
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
