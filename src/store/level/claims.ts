import { StoreError } from '../errors.ts';
import type { Database } from './database.ts';

/** What is in use of each database, by name. */
const claims = new WeakMap<Database, Set<string>>();

/**
 * Takes `name` in a database for one user, and returns the function that gives it back. Throws
 * `STORE_IN_USE` while another user has it: two writers that do not know of each other lose writes.
 */
export function claim(database: Database, name: string): () => void {
  const taken = claims.get(database) ?? new Set();
  claims.set(database, taken);
  if (taken.has(name)) {
    throw new StoreError(
      'STORE_IN_USE',
      `${name} is open in this database already: use the one that is open, or close it first`,
    );
  }
  taken.add(name);
  return () => {
    taken.delete(name);
  };
}
