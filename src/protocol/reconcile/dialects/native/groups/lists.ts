import { bytesToKey, ID_BYTES } from '../../../../../store/index.ts';
import { LIST_WIDTH, SHORT_LIST, SHORT_LIST_WIDTH } from '../constants.ts';
import type { Context } from '../context.ts';
import { prefixesOf } from './prefixes.ts';
import type { SketchGroup } from './sketch-group.ts';

/** What an entry is called in a map: a number where one will do. */
type Name = number | string;

/** The entries of a group's list, of a width at which no two are equal. */
export interface ListEntries {
  readonly width: number;
  readonly entries: Uint8Array;
}

/** `dense`: the peer is thought to lack nearly all of them, so that it gets the ids at once. */
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
  const ids = new Uint8Array(group.items * ID_BYTES);
  let at = 0;
  for (const { begin, end } of group.ranges) {
    ids.set(snapshot.ids(begin, end), at);
    at += (end - begin) * ID_BYTES;
  }
  return ids;
}

/** What a list and our items of the same group have and have not in common. */
export interface ListMatch {
  /** Positions of our items that are not in the list. */
  readonly mine: number[];
  /** Positions in the list of what we have not. */
  readonly theirs: number[];
}

/** Compares a peer's list with our group, which has read its items. */
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

/** A short id or an id as a key of a map. */
export function nameOf(entry: Uint8Array): Name {
  if (entry.length > 6) return bytesToKey(entry);
  return entry.reduce((value, byte) => value * 256 + byte, 0);
}
