import type { FingerprintScheme } from '../fingerprint/index.ts';
import type { Bound, ItemKey } from '../item.ts';

/** What all parts of one vector share. */
export interface Shape {
  readonly scheme: FingerprintScheme;
  /** Items in one chunk at the most. */
  readonly chunkItems: number;
  /** Chunks in one group at the most. */
  readonly groupChunks: number;
}

/**
 * An immutable, non-empty run of keys in order: a chunk, or a branch over smaller parts. Writes give
 * new parts and share what they did not touch, so whoever holds an old one keeps a snapshot.
 */
export interface VectorPart {
  readonly size: number;
  /** The lowest key. */
  readonly first: ItemKey;
  /** The highest key. */
  readonly last: ItemKey;
  select(rank: number): ItemKey;
  lowerBound(bound: Bound): number;
  keys(begin: number, end: number): Iterable<ItemKey>;
  /** The ids of [begin, end) where they lie, chunk by chunk. */
  idRuns(begin: number, end: number): Iterable<Uint8Array>;
  /** Writes the ids of [begin, end) to `into`, from byte `at` on. */
  copyIds(begin: number, end: number, into: Uint8Array, at: number): void;
  /** The state of all ids; computed once, then shared: not to be written to. */
  sum(): Uint8Array;
  /** Adds the ids of [begin, end) to `state`, or takes them away. */
  tally(state: Uint8Array, begin: number, end: number, sign: Sign): void;
}

/** 1 adds, -1 takes away. */
export type Sign = 1 | -1;

/** Adds a summed state to `state`, or takes it away. */
function applySum(shape: Shape, state: Uint8Array, sum: Uint8Array, sign: Sign): void {
  if (sign === 1) shape.scheme.combine(state, sum);
  else shape.scheme.difference(state, sum);
}

/**
 * Tallies [begin, end) of `part`: through its sum where that is the whole, through the sum less the
 * rest where the rest is the smaller half, else through `piecewise`, which takes empty ranges too.
 */
export function tallyPart(
  shape: Shape,
  part: VectorPart,
  state: Uint8Array,
  range: { begin: number; end: number; sign: Sign },
  piecewise: (begin: number, end: number, sign: Sign) => void,
): void {
  const { begin, end, sign } = range;
  if ((end - begin) * 2 <= part.size) {
    piecewise(begin, end, sign);
  } else {
    applySum(shape, state, part.sum(), sign);
    const opposite = sign === 1 ? -1 : 1;
    piecewise(0, begin, opposite);
    piecewise(end, part.size, opposite);
  }
}

/** Sizes of the parts that `count` things are cut into, none above `max`, as even as can be. */
export function evenSizes(count: number, max: number): number[] {
  const parts = Math.ceil(count / max);
  return Array.from(
    { length: parts },
    (_, i) => Math.floor(((i + 1) * count) / parts) - Math.floor((i * count) / parts),
  );
}

/** Sizes when every part but the last is filled: for keys that come in ascending order. */
export function packedSizes(count: number, max: number): number[] {
  const parts = Math.ceil(count / max);
  return Array.from({ length: parts }, (_, i) => Math.min(max, count - i * max));
}
