import { concatBytes } from '../../bytes.ts';
import {
  type BatchOperation,
  type Database,
  isBytes,
  RecordError,
  readSync,
  tryRead,
  walk,
  writeSynced,
} from '../../level/index.ts';
import { type OrderInit, writeOrder } from '../arrivals/index.ts';
import {
  decodeState,
  EMPTY_STATE,
  encodeSchema,
  encodeState,
  SCHEMA_KEY,
  SCHEMA_VERSION,
  type SetKeys,
  type SetState,
  upgradeState,
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
 * Moves records of the first schema to their places in the fourth; false if there are none. The index is
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

/**
 * Gives the state of a database of the second or third schema its floor. That of the second had no order of arrival:
 * writes it. The state goes last, so an interrupted migration begins it anew.
 */
export async function migrateState(init: OrderInit, schema: number): Promise<void> {
  const { database, keys } = init;
  const value = encodeSchema(SCHEMA_VERSION);
  const states = upgraded(database, keys);
  // Another set of the database may have been opened, and the schema written, before.
  if (schema < SCHEMA_VERSION || states.length > 0)
    await writeSynced(database, [{ type: 'put', key: SCHEMA_KEY, value }, ...states]);
  const state = soundState(database, keys);
  if (state === null || state.rebuilding || state.epoch !== 0n || state.items === 0) return;
  const written = { ...state, ...(await writeOrder(init, state)) };
  await writeSynced(database, [{ type: 'put', key: keys.state, value: encodeState(written) }]);
}

/** An earlier state as one of this schema. A damaged state stays as it is: opening finds it. */
function upgraded(database: Database, keys: SetKeys): BatchOperation[] {
  const record = tryRead(database, keys.state);
  if (!isBytes(record)) return [];
  const value = soundly(() => upgradeState(record));
  return value === null ? [] : [{ type: 'put', key: keys.state, value }];
}

function soundState(database: Database, keys: SetKeys): SetState | null {
  const record = tryRead(database, keys.state);
  return isBytes(record) ? soundly(() => decodeState(record)) : null;
}

/** The result; null if a record is damaged. */
function soundly<Result>(decode: () => Result): Result | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof RecordError) return null;
    throw error;
  }
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
