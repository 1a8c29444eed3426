import type { AbstractBatchOptions, AbstractLevel } from 'abstract-level';
import { StoreError } from '../errors.ts';
import type { StoredRecord } from './layout.ts';

/** Any abstract-level database whose key and value encodings are 'view'. */
export type Database = AbstractLevel<string | Uint8Array | Buffer, Uint8Array, Uint8Array>;

/** LevelDB's own option; databases in memory do not know it. */
interface SyncedBatchOptions extends AbstractBatchOptions<Uint8Array, Uint8Array> {
  readonly sync: true;
}

/** Writes all records or none; resolves once they are on disk. */
export function writeSynced(database: Database, records: readonly StoredRecord[]): Promise<void> {
  const options: SyncedBatchOptions = { sync: true };
  return database.batch(
    records.map(({ key, value }) => ({ type: 'put', key, value })),
    options,
  );
}

/**
 * Opens, or makes, the LevelDB in the directory `path`. Rejects with `STORE_LOCKED` when another
 * process has it open, `STORE_CORRUPT` when LevelDB cannot read it, else `STORE_OPEN_FAILED`.
 */
export async function openDatabase(path: string): Promise<Database> {
  // Imported when it is needed: who keeps sets in memory alone runs without it.
  const { Level } = await import('level');
  const database = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  try {
    await database.open();
  } catch (error) {
    throw openError(path, error);
  }
  return database;
}

function openError(path: string, error: unknown): StoreError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as { code?: string; message?: string };
  if (code === 'LEVEL_LOCKED') {
    return new StoreError(
      'STORE_LOCKED',
      `another process has the database in ${path} open: stop it, or give this one a data directory of its own`,
      { cause },
    );
  }
  if (code === 'LEVEL_CORRUPTION') {
    return new StoreError(
      'STORE_CORRUPT',
      `LevelDB cannot read the database in ${path} (${message}): restore it from a copy, or start with an empty directory and let the peers refill it`,
      { cause },
    );
  }
  return new StoreError(
    'STORE_OPEN_FAILED',
    `the database in ${path} cannot be opened (${message}): check that the directory can be written to and that its disk has room`,
    { cause },
  );
}
