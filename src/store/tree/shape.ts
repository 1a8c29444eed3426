import { checkInit, checkSize } from '../checks.ts';
import { checkScheme, type FingerprintScheme } from '../fingerprint/index.ts';
import { DEFAULT_TREE, type TreeOptions } from './options.ts';

/** What all nodes of one tree share. */
export interface TreeShape {
  readonly scheme: FingerprintScheme;
  /** Items in a leaf at most. */
  readonly leafItems: number;
  /** Children of an inner node at most. */
  readonly fanout: number;
}

/** The scheme of a tree, and the size of its nodes. */
export interface TreeShapeInit extends Partial<Pick<TreeOptions, 'leafItems' | 'fanout'>> {
  scheme: FingerprintScheme;
}

/** The most entries of one node that its record has room to count. */
export const MAX_ENTRIES = 0xffff;

/** Throws `INVALID_INIT`, `INVALID_SCHEME` or `INVALID_SIZE`. */
export function treeShape(init: TreeShapeInit): TreeShape {
  checkInit('a tree', init);
  const { scheme, leafItems, fanout } = { ...DEFAULT_TREE, ...init };
  checkScheme(scheme);
  checkSize('leafItems', leafItems, 2, MAX_ENTRIES);
  checkSize('fanout', fanout, 2, MAX_ENTRIES);
  return { scheme, leafItems, fanout };
}

/**
 * The fill rule: two neighbours under one parent never fit into three quarters of a node. So nodes are
 * at least three eighths full on average, and the next item does not split a node that was just joined.
 */
export function joinLimit(max: number): number {
  return max - (max >> 2);
}

/** A stretch of entries, [begin, end). */
export interface Piece {
  readonly begin: number;
  readonly end: number;
}

/**
 * Whether a write belongs to a series at one spot: several entries in one gap, or an entry directly
 * behind the last write's (or, in a descending series, before them).
 */
export function isSeries(growth: Piece, spot: number): boolean {
  if (growth.end - growth.begin > 1) return true;
  return spot > 0 && (growth.begin === spot || growth.begin === spot - 1);
}

/**
 * Sizes of the nodes that `count` entries are cut into, none above `max`. They are even, but full up to
 * the spot of a series, because no more entries are expected there.
 */
export function cutSizes(count: number, max: number, series: Piece | null): number[] {
  if (count <= max) return [count];
  if (series === null) return evenSizes(count, max);
  const sizes = packedSizes(series.end, max);
  const tail = count - series.end;
  if (tail === 0) return sizes;
  if (sizes.at(-1)! + tail > max) return [...sizes, tail];
  return [...sizes.slice(0, -1), sizes.at(-1)! + tail];
}

function evenSizes(count: number, max: number): number[] {
  const parts = Math.ceil(count / max);
  const edge = (i: number): number => Math.floor((i * count) / parts);
  return Array.from({ length: parts }, (_, i) => edge(i + 1) - edge(i));
}

function packedSizes(count: number, max: number): number[] {
  const parts = Math.ceil(count / max);
  return Array.from({ length: parts }, (_, i) => Math.min(max, count - i * max));
}

/** Where pieces of the given sizes lie, one after the other. */
export function piecesOf(sizes: readonly number[]): Piece[] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return { begin: end - size, end };
  });
}

/** The spot of a node that was cut, as one of the piece it fell into; 0 for the others. */
export function spotWithin(spot: number, begin: number, end: number): number {
  return begin < spot && spot <= end ? spot - begin : 0;
}
