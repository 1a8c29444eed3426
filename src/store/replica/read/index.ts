/** Reads: items by id, ids that are held, lists, digests, and snapshots that report damage. */

export { GuardedSnapshot } from './guarded-snapshot.ts';
export { IdLookup } from './id-lookup.ts';
export { ItemReader } from './item-reader.ts';
export { listKeys, MAX_LIST_LIMIT } from './list.ts';
export { SetDigest } from './set-digest.ts';
