/** Retention: the floor below which a set takes no items, and the removal of those that it still holds. */

export { SetRetention } from './set-retention.ts';
export type { PruneProgress, Retention } from './types.ts';
