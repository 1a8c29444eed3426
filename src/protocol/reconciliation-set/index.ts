/**
 * The ReconciliationSet: which ids are missing here, which peers listed them, and which request
 * has claimed each.
 */

export { ReconciliationSet, type ReconciliationSetInit, type Want } from './reconciliation-set.ts';
export type { Said } from './wants.ts';
