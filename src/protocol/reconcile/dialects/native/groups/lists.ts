import { bytesToKey, concatBytes, ID_BYTES } from '../../../../../store/index.ts';
import { LIST_WIDTH, SHORT_LIST, SHORT_LIST_WIDTH } from '../constants.ts';
import type { Context } from '../context.ts';
import { prefixesOf } from './prefixes.ts';
import type { SketchGroup } from './sketch-group.ts';

/** An entry as the key of a map: a number for up to 6 bytes, which is faster. */
type Name = number | string;

/** The entries of a group's list; at this width no two are equal. */
export interface ListEntries {
  readonly width: number;
  readonly entries: Uint8Array;
}

/** `dense`: the peer probably lacks nearly all items, and gets their ids at once. */
export function listEntries(group: SketchGroup, context: Context, dense: boolean): ListEntries {
  if (dense) return { width: ID_BYTES, entries: idsOf(group, context) };
  const widths = [LIST_WIDTH, 8];
  if (group.items <= SHORT_LIST) widths.unshift(SHORT_LIST_WIDTH);
  for (const width of widths) {
    const entries = prefixesOf(group.shorts, width);
    if (new Set(namesOf(entries, width)).size === group.items) return { width, entries };
  }
  return { width: ID_BYTES, entries: idsOf(group, context) };
}

/** All ids of a group, in order. */
function idsOf(group: SketchGroup, { snapshot }: Context): Uint8Array {
  return concatBytes(...group.ranges.map(({ begin, end }) => snapshot.ids(begin, end)));
}

/** The differences between a list and our items of the same group. */
export interface ListMatch {
  /** Positions of our items that are not in the list. */
  readonly mine: number[];
  /** Positions in the list of items that we lack. */
  readonly theirs: number[];
}

/** Compares a peer's list with our group; call `group.read` first. */
export function matchList(list: ListEntries, group: SketchGroup, context: Context): ListMatch {
  const { width, entries } = list;
  const own = width === ID_BYTES ? idsOf(group, context) : prefixesOf(group.shorts, width);
  const ours = namesOf(own, width);
  const listed = namesOf(entries, width);
  const known = new Set(listed);
  const held = new Set(ours);
  return {
    mine: positions(ours, (name) => !known.has(name)),
    theirs: positions(listed, (name) => !held.has(name)),
  };
}

function positions(names: readonly Name[], wanted: (name: Name) => boolean): number[] {
  return names.flatMap((name, at) => (wanted(name) ? [at] : []));
}

export function namesOf(entries: Uint8Array, width: number): Name[] {
  return Array.from({ length: entries.length / width }, (_, i) =>
    nameOf(entries.subarray(i * width, (i + 1) * width)),
  );
}

/** `entry`: a prefix of a short id, or an id. */
export function nameOf(entry: Uint8Array): Name {
  if (entry.length > 6) return bytesToKey(entry);
  return entry.reduce((value, byte) => value * 256 + byte, 0);
}
