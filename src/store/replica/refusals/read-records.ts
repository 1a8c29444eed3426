import { ID_BYTES } from '../../item.ts';
import { behind, type Database, passOver, type tryRead, walk } from '../../level/index.ts';
import { type RefusedRecord, refusedIn, type SetKeys } from '../records/index.ts';
import type { RefusedItem, RefusedListInit } from './types.ts';

export type IdRecord = RefusedRecord & { readonly id: Uint8Array };

/** Calls `each` for all records, in the order of ids. */
export async function readRecords(
  database: Database,
  keys: SetKeys,
  each: (record: IdRecord) => void,
): Promise<void> {
  for await (const page of walk(database, keys.refusedItems, { unreadable: passOver })) {
    for (const [key, value] of page) each({ ...refusedIn(value)!, id: key.slice(-ID_BYTES) });
  }
}

/** A page of the items that count as refused at present. */
export async function readPage(
  database: Database,
  keys: SetKeys,
  { after, limit, counts }: RefusedListInit & { counts: (id: Uint8Array) => boolean },
): Promise<RefusedItem[]> {
  const { gte, lt } = keys.refusedItems;
  const range = { gte: after === undefined ? gte : behind(keys.refused(after)), lt };
  const found: RefusedItem[] = [];
  for await (const records of walk(database, range, { records: limit, unreadable: passOver })) {
    for (const [key, value] of records) {
      const item = refusedItem(key.slice(-ID_BYTES), value);
      if (item !== undefined && counts(item.id)) found.push(item);
      if (found.length === limit) return found;
    }
  }
  return found;
}

/** Undefined for an item that is let in again. */
export function refusedItem(
  id: Uint8Array,
  found: ReturnType<typeof tryRead>,
): RefusedItem | undefined {
  const record = refusedIn(found);
  if (record === null || record.by === null) return undefined;
  const { at, by, hint, reason } = record;
  return { id: new Uint8Array(id), at, by, hint, reason };
}
