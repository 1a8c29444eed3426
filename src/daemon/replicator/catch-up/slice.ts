import type { Surveyed } from '../../../protocol/index.ts';
import { type Bound, compareBounds } from '../../../store/index.ts';

/** A part of the key space that one peer lists and serves. */
export interface Slice {
  readonly lower: Bound;
  upper: Bound;
  /** Items expected to be missing, less those stored since. */
  expected: number;
  /**
   * `coarse`: too large to be listed at once, so it needs a survey first. `open`: waits for a peer to
   * list or stream it. `listing`, `streaming`, `fetching`, `checking`: as the words say. `stored`: all listed items are here,
   * and a second peer is to check it. `closed`: nothing is left to do.
   */
  state:
    | 'coarse'
    | 'open'
    | 'listing'
    | 'streaming'
    | 'fetching'
    | 'stored'
    | 'checking'
    | 'closed';
  /** The peer that lists it, or listed it last. */
  lister: string | null;
  /** The peer that said last that items are missing in it: the lister or the checker. */
  owes: string | null;
  /** A second peer has shown the same items, or those that the first one left out. */
  checked: boolean;
  /** How often its listed items did not come. */
  failures: number;
  /** Ids listed and not stored yet, as keys. */
  readonly pending: Set<string>;
  /** So little of it is here that a peer may send all its items, and hardly any of them twice. */
  streamable: boolean;
}

/** How large slices are. */
export interface SliceSizes {
  /** Missing items that one peer lists at a time. */
  readonly sliceItems: number;
  /** Missing items below which the ids of a slice cost less than a stream. */
  readonly streamedItems: number;
}

type SliceRange = Pick<Slice, 'lower' | 'upper' | 'expected'> & { held: number };

/** Items that may be here already, for each item that is missing: they would come twice. */
const MAX_HELD = 0.01;

/** After more failures the sessions that close the catch-up settle the slice. */
export const MAX_SLICE_FAILURES = 4;
/** Least slices for each peer, so that a slow peer does not delay the end. */
const SLICES_A_PEER = 4;
/** Items below which a slice is not worth a session of its own. */
const MIN_SLICE = 1_024;

/** Whether it was closed because no peer could bring its listed items. */
export function isGivenUp({ state, failures }: Slice): boolean {
  return state === 'closed' && failures > MAX_SLICE_FAILURES;
}

/** Slices from the parts that differ. Small neighbours are joined, but each peer gets several slices. */
export function cutSlices(parts: readonly Surveyed[], peers: number, sizes: SliceSizes): Slice[] {
  const differing = parts.filter(({ differs }) => differs);
  const total = differing.reduce((sum, part) => sum + expectedIn(part), 0);
  const share = Math.ceil(total / (SLICES_A_PEER * Math.max(1, peers)));
  const wanted = Math.min(sizes.sliceItems, Math.max(MIN_SLICE, share));
  const slices: SliceRange[] = [];
  for (const part of differing) {
    const { lower, upper, ours: held } = part;
    const expected = expectedIn(part);
    const last = slices.at(-1);
    const isNeighbour = last !== undefined && compareBounds(last.upper, lower) === 0;
    if (isNeighbour && last.expected + expected <= wanted) {
      last.upper = upper;
      last.expected += expected;
      last.held += held;
    } else slices.push({ lower, upper, expected, held });
  }
  return slices.map((slice) => newSlice(slice, sizes));
}

export function newSlice(range: SliceRange, { sliceItems, streamedItems }: SliceSizes): Slice {
  const state = range.expected > sliceItems ? 'coarse' : 'open';
  const { held, ...bounds } = range;
  const streamable = range.expected >= streamedItems && held <= MAX_HELD * range.expected;
  const fresh = { lister: null, owes: null, checked: false, failures: 0 };
  return { ...bounds, ...fresh, state, pending: new Set(), streamable };
}

/** Items still missing in the slice, as far as is known. */
export function missingIn({ state, expected, pending }: Slice): number {
  if (state === 'closed' || state === 'stored') return 0;
  if (state === 'fetching' || state === 'checking') return pending.size;
  return Math.max(expected, pending.size);
}

/** A lower bound from the counts alone: items that each side lacks of the other cancel out. */
function expectedIn({ ours, theirs }: Surveyed): number {
  return Math.max(1, theirs - ours);
}
