import { compareKeys, type ItemKey } from '../../item.ts';
import { type Database, tryRead } from '../../level/index.ts';
import { headOf } from '../check/index.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import { encodeRefused, placeIn, refusedIn, type SetKeys } from '../records/index.ts';
import type { RefusedItem } from './types.ts';

/** Where items are dropped. */
export interface DropPlace {
  readonly database: Database;
  readonly keys: SetKeys;
  readonly set: DurableSet;
}

/** A commit that keeps items out, and those that another commit must take. */
export interface DropCommit {
  readonly commit: PreparedCommit;
  readonly dropped: readonly ItemKey[];
  readonly rest: readonly RefusedItem[];
}

/** A held item that is dropped. */
interface HeldHead extends ItemKey {
  readonly bytes: number;
  readonly seq: number;
}

/**
 * Keeps items out, and drops those that are held in the same commit. It takes all that are not in the write
 * buffer, or else one.
 */
export function dropCommit(place: DropPlace, items: readonly RefusedItem[]): DropCommit {
  const { keys, set } = place;
  const found = items.map((item) => ({ item, head: heldHead(place, item) }));
  const isBuffered = ({ head }: (typeof found)[number]): boolean =>
    head !== null && set.isBuffered(head);
  const buffered = found.filter(isBuffered);
  const merged = found.filter((one) => !isBuffered(one));
  const direct = merged.length > 0;
  const taken = direct ? merged : buffered.slice(0, 1);
  const rest = direct ? buffered : buffered.slice(1);
  const heads = taken.flatMap(({ head }) => (head === null ? [] : [head]));
  const dropped = heads.filter((head) => set.holds(head)).sort(compareKeys);
  const counted = dropped.reduce((sum, { bytes }) => sum + bytes, 0);
  const bytes = Math.min(counted, set.state.bytes);
  const fill: Parameters<DurableSet['write']>[0] = (sink) => {
    for (const { item, head } of taken) {
      sink.put(keys.refused(item.id), recordOf(place, item, head));
      if (head === null) continue;
      sink.del(keys.item(head));
      sink.del(keys.id(head.id));
    }
  };
  const commit = direct
    ? set.removeMerged(dropped, bytes, fill)
    : set.remove(dropped[0]!, bytes, fill);
  return { commit, dropped, rest: rest.map(({ item }) => item) };
}

/** Null unless the item is held. An id record that cannot be read is mended elsewhere first. */
function heldHead({ database, keys }: DropPlace, { id }: RefusedItem): HeldHead | null {
  const record = tryRead(database, keys.id(id));
  const head = headOf(record);
  return head === undefined ? null : { ...head, id, seq: placeIn(record) };
}

/** An item that was held before, and never came back, keeps its place. */
function recordOf(
  { database, keys }: DropPlace,
  item: RefusedItem,
  head: HeldHead | null,
): Uint8Array {
  const before = refusedIn(tryRead(database, keys.refused(item.id)));
  return encodeRefused({
    ...item,
    hint: head?.hint ?? item.hint ?? before?.hint ?? null,
    seq: head?.seq ?? before?.seq ?? null,
    marks: [],
  });
}
