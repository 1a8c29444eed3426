import { StoreError } from '../errors.ts';
import type { Database } from './database.ts';

/** The prefixes in use of each database. */
const claims = new WeakMap<object, Set<string>>();

/** What a sublevel of abstract-level has besides. */
interface SublevelParts {
  readonly db?: object;
  readonly prefix?: string;
}

/**
 * Takes the set `name` in a database for one user, and returns the function that gives it back. Throws
 * `STORE_IN_USE` while another user has it: two writers that do not know of each other lose writes. Sublevels
 * are objects of their own over one database, so that one counts, and where the keys begin in it. LevelDB
 * itself refuses to open a directory twice.
 */
export function claim(database: Database, name: string): () => void {
  const { db: root = database, prefix = '' } = database as SublevelParts;
  const taken = claims.get(root) ?? new Set();
  claims.set(root, taken);
  const place = `${prefix}${name}`;
  if (taken.has(place)) {
    throw new StoreError(
      'STORE_IN_USE',
      `the set '${name}' is open in this database already: use the one that is open, or close it first`,
    );
  }
  taken.add(place);
  let held = true;
  return () => {
    if (held) taken.delete(place);
    held = false;
  };
}
