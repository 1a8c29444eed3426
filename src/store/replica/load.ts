import { StoreError } from '../errors.ts';
import type { ItemKey } from '../item.ts';
import type { Storage } from '../storage.ts';
import { type Database, writeSynced } from './database.ts';
import {
  decodeIdRecord,
  decodeSchema,
  decodeTotals,
  encodeSchema,
  ID_RANGE,
  SCHEMA_KEY,
  SCHEMA_VERSION,
  TOTALS_KEY,
  type Totals,
} from './layout.ts';
import type { ReplicaLogger } from './types.ts';

/** Records read from LevelDB in one call. */
const READ_RECORDS = 1_000;

/** Keys given to the index in one call: many, for it sorts them, but not the whole set. */
const INSERT_KEYS = 65_536;

/**
 * Makes sure that the database is of the schema this code writes; an empty one is given it. Throws
 * `UNSUPPORTED_SCHEMA` otherwise.
 */
export async function checkSchema(database: Database): Promise<void> {
  const value = await database.get(SCHEMA_KEY);
  if (value === undefined) return initialise(database);
  const version = decodeSchema(value);
  if (version === SCHEMA_VERSION) return;
  throw new StoreError(
    'UNSUPPORTED_SCHEMA',
    `the data directory has schema ${version}, this rangemesh reads schema ${SCHEMA_VERSION}: run a ` +
      'version that knows it, or use another data directory',
  );
}

/** Fills the index from the id tree and counts; reads no payload. */
export async function loadIndex(
  database: Database,
  index: Storage,
  logger: ReplicaLogger | undefined,
): Promise<Totals> {
  let bytes = 0;
  let keys: ItemKey[] = [];
  for await (const record of idRecords(database)) {
    bytes += record.bytes;
    keys.push(record);
    if (keys.length < INSERT_KEYS) continue;
    index.insert(keys);
    keys = [];
  }
  index.insert(keys);
  const totals = { items: index.size, bytes };
  await compareTotals(database, totals, logger);
  return totals;
}

async function initialise(database: Database): Promise<void> {
  for await (const _ of database.keys({ limit: 1 })) {
    throw new StoreError(
      'UNSUPPORTED_SCHEMA',
      'the data directory holds a database that is not of rangemesh: use another data directory',
    );
  }
  await writeSynced(database, [{ key: SCHEMA_KEY, value: encodeSchema(SCHEMA_VERSION) }]);
}

async function* idRecords(database: Database): AsyncIterable<ReturnType<typeof decodeIdRecord>> {
  const iterator = database.iterator(ID_RANGE);
  try {
    for (;;) {
      const records = await iterator.nextv(READ_RECORDS);
      if (records.length === 0) return;
      for (const [key, value] of records) yield decodeIdRecord(key, value);
    }
  } finally {
    await iterator.close();
  }
}

/** What was counted is what is there; a difference says that LevelDB lost records. */
async function compareTotals(
  database: Database,
  counted: Totals,
  logger: ReplicaLogger | undefined,
): Promise<void> {
  const value = await database.get(TOTALS_KEY);
  const recorded = value === undefined ? { items: 0, bytes: 0 } : decodeTotals(value);
  if (recorded.items === counted.items && recorded.bytes === counted.bytes) return;
  logger?.error(
    { recorded, counted },
    'the database does not hold what its totals say: records were lost; the peers will refill them',
  );
}
