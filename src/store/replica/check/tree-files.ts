import type { FingerprintScheme } from '../../fingerprint/index.ts';
import type { Database } from '../../level/index.ts';
import { ByteCache, type LevelTreeFiles } from '../../tree/index.ts';
import type { SetKeys } from '../records/index.ts';

/** Bytes of nodes kept while a tree is checked. */
const CACHE_BYTES = 8 * 2 ** 20;

/** The records of the tree, with a cache of their own, since a check reads the disk. */
export function treeFiles(
  database: Database,
  { name, tree }: SetKeys,
  scheme: FingerprintScheme,
): LevelTreeFiles {
  return { database, name, keys: tree, scheme, cache: new ByteCache(CACHE_BYTES) };
}
