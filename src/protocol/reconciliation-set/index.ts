/**
 * The ReconciliationSet: which ids are missing here, which peers listed them, and which request
 * has claimed each.
 */

export type { ReconciliationSetInit } from './options.ts';
export { ReconciliationSet } from './reconciliation-set.ts';
export type { Said, Want } from './wants.ts';
