import type { AbstractSnapshot } from 'abstract-level';
import { readU64BE } from '../../bytes.ts';
import { ID_BYTES, INFINITE_HINT, type Item, type ItemKey } from '../../item.ts';
import {
  type Database,
  type KeyRangeBytes,
  type ReadResult,
  tryReadMany,
  type WalkOptions,
  walk,
} from '../../level/index.ts';
import { decodeItemKey, type SetKeys } from '../records/index.ts';

type RecordPage = readonly (readonly [Uint8Array, Uint8Array])[];

/** An item, and the value under its id. */
export interface FoundItem extends Item {
  readonly idRecord: ReadResult;
}

/** The items of a page of payload records with their id records, and keys that belong to no item. */
export async function findItems(
  database: Database,
  keys: SetKeys,
  page: RecordPage,
  snapshot?: AbstractSnapshot,
): Promise<{ readonly items: readonly FoundItem[]; readonly strays: readonly Uint8Array[] }> {
  const strays: Uint8Array[] = [];
  const items = page.flatMap(([key, payload]): Item[] => {
    const item = decodeItemKey(keys, key);
    if (item !== null) return [{ ...item, payload }];
    strays.push(key);
    return [];
  });
  const idKeys = items.map(({ id }) => keys.id(id));
  const idRecords = await tryReadMany(database, idKeys, snapshot);
  return { items: items.map((item, i) => ({ ...item, idRecord: idRecords[i] })), strays };
}

/** The keys of a page of id records, each with the item that it names, or null. */
export function idRecordsOf(
  keys: SetKeys,
  page: RecordPage,
): { readonly idKey: Uint8Array; readonly key: ItemKey | null }[] {
  return page.map(([idKey, value]) => {
    const id = idKey.slice(keys.ids.gte.length);
    const hint = value.length < 8 || id.length !== ID_BYTES ? INFINITE_HINT : readU64BE(value, 0);
    return { idKey, key: hint === INFINITE_HINT ? null : { hint, id } };
  });
}

/** The number of records in a range. `counted` is called after each page with the number so far. */
export async function countRecords(
  database: Database,
  range: KeyRangeBytes,
  options: WalkOptions,
  counted: (records: number) => Promise<void> = async () => undefined,
): Promise<number> {
  let count = 0;
  for await (const page of walk(database, range, { ...options, values: false })) {
    count += page.length;
    await counted(count);
  }
  return count;
}
