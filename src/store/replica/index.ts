/** The replica: items, index and state in one LevelDB. A put that is answered is on disk. */

export type { CompactOptions, CompactProgress, CompactResult } from '../level/index.ts';
export type { ChangeableLimits, IndexOptions, ReplicaLimits, ScrubOptions } from './options.ts';
export { ITEM_OVERHEAD_BYTES, storedBytes } from './payload-bytes.ts';
export {
  MAX_ARRIVALS_LIMIT,
  MAX_LIST_LIMIT,
  type RangeInit,
  type RangePage,
  type RangeRecord,
} from './read/index.ts';
export type {
  NewRefusal,
  PolicyRefusal,
  Refusals,
  RefusedAdded,
  RefusedItem,
  RefusedListInit,
} from './refusals/index.ts';
export { Replica } from './replica.ts';
export type { PruneProgress, Retention } from './retention/index.ts';
export type * from './types.ts';
export * from './verify/index.ts';
