import { concatBytes } from '../../bytes.ts';
import {
  type BatchOperation,
  type Database,
  readSync,
  walk,
  writeSynced,
} from '../../level/index.ts';
import {
  EMPTY_STATE,
  encodeSchema,
  encodeState,
  SCHEMA_KEY,
  SCHEMA_VERSION,
  type SetKeys,
} from '../records/index.ts';

/**
 * The first schema had no index on disk:
 *
 *     item/ hint (u64 BE) id       payload
 *     id/   id                     hint (u64 BE), payload length in bytes (u64 BE)
 *     meta/ "totals"               items (u64 BE), payload bytes (u64 BE)
 */
const encoder = new TextEncoder();
const ITEMS = { gte: encoder.encode('item/'), lt: encoder.encode('item0') };
const IDS = { gte: encoder.encode('id/'), lt: encoder.encode('id0') };
const TOTALS_KEY = encoder.encode('meta/totals');

/**
 * Moves records of the first schema to their places in the second; false if there are none. The index is
 * left marked as unfinished, to be built from the items. Each step is one commit, and the totals go last,
 * so an interrupted migration continues.
 */
export async function migrateFirstSchema(
  database: Database,
  keys: SetKeys,
  schema: number,
): Promise<boolean> {
  const unfinished = readSync(database, TOTALS_KEY) !== undefined;
  if (schema !== 1 && !unfinished) return false;
  if (schema === 1) {
    const state = encodeState({ ...EMPTY_STATE, rebuilding: true });
    await writeSynced(database, [
      { type: 'put', key: SCHEMA_KEY, value: encodeSchema(SCHEMA_VERSION) },
      { type: 'put', key: keys.state, value: state },
    ]);
  }
  await move(database, ITEMS, keys.items.gte);
  await move(database, IDS, keys.ids.gte);
  await database.del(TOTALS_KEY);
  return true;
}

async function move(
  database: Database,
  range: { readonly gte: Uint8Array; readonly lt: Uint8Array },
  prefix: Uint8Array,
): Promise<void> {
  for await (const records of walk(database, range)) {
    const operations = records.flatMap(([key, value]): BatchOperation[] => [
      { type: 'put', key: concatBytes(prefix, key.subarray(range.gte.length)), value },
      { type: 'del', key },
    ]);
    await writeSynced(database, operations);
  }
}
