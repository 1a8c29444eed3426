import { readU32BE, writeU32BE } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import { type Database, rethrow, VIEWS, writeSynced } from './database.ts';
import { damaged, SCHEMA_KEY, SCHEMA_VERSION } from './layout.ts';

/**
 * The schema of a database; an empty one is given the one this code writes. Throws
 * `UNSUPPORTED_SCHEMA` for one that this code cannot read.
 */
export async function readSchema(database: Database): Promise<number> {
  const value = await database.get(SCHEMA_KEY, VIEWS).catch(rethrow);
  if (value === undefined) return initialise(database);
  if (value.length !== 4) throw damaged('schema record');
  const version = readU32BE(value, 0);
  if (version >= 1 && version <= SCHEMA_VERSION) return version;
  throw unsupported(version);
}

/** For a schema that this code does not know. */
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

async function initialise(database: Database): Promise<number> {
  for await (const _ of database.keys({ limit: 1 })) {
    throw new StoreError(
      'UNSUPPORTED_SCHEMA',
      'the data directory holds a database that is not of rangemesh: use another data directory',
    );
  }
  await writeSynced(database, [
    { type: 'put', key: SCHEMA_KEY, value: encodeSchema(SCHEMA_VERSION) },
  ]);
  return SCHEMA_VERSION;
}
