import type { Snapshot } from '../../../../../store/index.ts';
import { BRANCHING, PLAIN_ITEMS } from '../constants.ts';
import type { RankedRange } from '../work.ts';

/** Edges tried for each cut by hints, where neighbours share a hint. */
const EDGES_TRIED = 8;
/** From edge to edge, in items: more than a leaf holds. */
const EDGE_STEP = 64;
const HINT_BITS = 64;

/** The ends of `count` even parts of a range. Large parts end at edges of leaves: their state is free. */
export function cutsOf(snapshot: Snapshot, range: RankedRange, count: number): number[] {
  const { begin, end } = range;
  const even = evenCuts(range, count);
  if (snapshot.edgeNear === undefined || (end - begin) / count <= PLAIN_ITEMS) return even;
  const cuts = even.map((cut) => (cut === end ? end : snapshot.edgeNear!(cut)));
  const ascending = cuts.every((cut, i) => cut > (i === 0 ? begin : cuts[i - 1]!));
  return ascending ? cuts : even;
}

function evenCuts({ begin, end }: RankedRange, count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => begin + Math.floor(((i + 1) * (end - begin)) / count),
  );
}

/** A range cut by hints alone. */
export interface HintCuts {
  /** The ranks at which parts end, the last one at the end of the range. */
  readonly ends: readonly number[];
  /** Bounds in units of 2^shift, one fewer than ends. */
  readonly units: readonly bigint[];
  readonly shift: number;
}

/**
 * Even parts with bounds of hints in the coarsest unit. Null for a range that is small, or in which too
 * many items share their hints.
 */
export function hintCuts(snapshot: Snapshot, range: RankedRange): HintCuts | null {
  if (range.end - range.begin <= BRANCHING * PLAIN_ITEMS) return null;
  const ends: number[] = [];
  const gaps: HintGap[] = [];
  for (const cut of evenCuts(range, BRANCHING).slice(0, -1)) {
    const gap = gapNear(snapshot, cut, (range.end - range.begin) / (4 * BRANCHING));
    if (gap === null) return null;
    ends.push(gap.rank);
    gaps.push(gap);
  }
  const shift = Math.min(...gaps.map(({ below, upTo }) => coarsest(below, upTo)));
  const units = gaps.map(({ upTo }) => upTo >> BigInt(shift));
  return { ends: [...ends, range.end], units, shift };
}

/** Neighbours with different hints: every hint above `below`, up to `upTo`, is a bound between them. */
interface HintGap {
  readonly rank: number;
  readonly below: bigint;
  readonly upTo: bigint;
}

/**
 * The first gap near `cut`, on either side in turn and not farther away than `most`. It is at an edge where
 * there is an edge so near: most of a new set has no leaves yet.
 */
function gapNear(snapshot: Snapshot, cut: number, most: number): HintGap | null {
  for (let i = 0; i < EDGES_TRIED; i++) {
    const away = Math.ceil(i / 2) * EDGE_STEP * (i % 2 === 0 ? 1 : -1);
    if (Math.abs(away) > most) return null;
    const edge = snapshot.edgeNear?.(cut + away) ?? cut + away;
    const rank = Math.abs(edge - cut) <= most ? edge : cut + away;
    const [below, upTo] = [snapshot.select(rank - 1).hint, snapshot.select(rank).hint];
    if (below < upTo) return { rank, below, upTo };
  }
  return null;
}

/** The largest shift with a multiple of 2^shift above `below` and not above `upTo`. */
function coarsest(below: bigint, upTo: bigint): number {
  let shift = 0;
  while (shift < HINT_BITS - 1 && upTo >> BigInt(shift + 1) > below >> BigInt(shift + 1)) shift++;
  return shift;
}
