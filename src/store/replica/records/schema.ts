import { readU32BE, writeU32BE } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import { type Database, isBytes, tryRead, writeSynced } from '../../level/index.ts';
import { damaged, SCHEMA_KEY, SCHEMA_VERSION } from './layout.ts';

export interface FoundSchema {
  readonly version: number;
  /** Whether the record was gone, though there are sets: records written with it may be gone too. */
  readonly lost: boolean;
}

/**
 * The schema of a database. If the record is gone or unreadable, the keys tell the schema; an empty
 * database is given the current schema. Throws `UNSUPPORTED_SCHEMA`.
 */
export async function readSchema(database: Database): Promise<FoundSchema> {
  const value = tryRead(database, SCHEMA_KEY);
  if (!isBytes(value)) return restore(database);
  if (value.length !== 4) throw damaged('schema record');
  const version = readU32BE(value, 0);
  if (version >= 1 && version <= SCHEMA_VERSION) return { version, lost: false };
  throw unsupported(version);
}

export function unsupported(version: number): StoreError {
  return new StoreError(
    'UNSUPPORTED_SCHEMA',
    `the data directory has schema ${version}, this rangemesh reads schemas up to ${SCHEMA_VERSION}: ` +
      'run a version that knows it, or use another data directory',
  );
}

export function encodeSchema(version: number): Uint8Array {
  const value = new Uint8Array(4);
  writeU32BE(value, 0, version);
  return value;
}

async function restore(database: Database): Promise<FoundSchema> {
  const first = await firstKey(database);
  if (first !== null && FIRST_SCHEMA.test(first)) return { version: 1, lost: true };
  if (first !== null && !OF_A_SET.test(first)) {
    throw new StoreError(
      'UNSUPPORTED_SCHEMA',
      'the data directory holds a database that is not of rangemesh: use another data directory',
    );
  }
  await writeSynced(database, [
    { type: 'put', key: SCHEMA_KEY, value: encodeSchema(SCHEMA_VERSION) },
  ]);
  return { version: SCHEMA_VERSION, lost: first !== null };
}

/** Beginnings of the keys of the first schema, and of the keys of sets. */
const FIRST_SCHEMA = /^(item|id)\/|^meta\/totals$/;
const OF_A_SET = /^[a-z0-9][a-z0-9._-]{0,63}\/[acfilmnpqrsu]/;

/** The first key, byte by byte as a string; null in an empty database. */
async function firstKey(database: Database): Promise<string | null> {
  const keys = database.keys();
  try {
    const key = await keys.next();
    return key === undefined ? null : String.fromCharCode(...key);
  } finally {
    await keys.close();
  }
}
