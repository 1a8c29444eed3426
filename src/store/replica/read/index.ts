/** Reads: items by id, ids that are held, lists and digests. */

export { ArrivalReader, MAX_ARRIVALS_LIMIT, nameOf } from './arrival-reader.ts';
export { IdLookup } from './id-lookup.ts';
export { ItemReader } from './item-reader.ts';
export { listKeys, MAX_LIST_LIMIT } from './list.ts';
export type { RangeInit, RangePage, RangeRecord } from './range-page.ts';
export { RangeReader } from './range-reader.ts';
export { SetDigest } from './set-digest.ts';
