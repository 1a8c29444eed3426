import type { Database } from '../level/index.ts';
import type { ReplicaDatabase } from './types.ts';

/** What opens the database, at first and again after a failed write. */
export function opener({ database, open }: ReplicaDatabase): () => Promise<Database> {
  if (open !== undefined) return open;
  if (database === undefined)
    throw new TypeError('a replica needs a database, or a way to open one');
  return async () => {
    await database.open();
    return database;
  };
}
