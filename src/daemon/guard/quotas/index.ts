/** Quotas: how much of this disk one peer, and one publisher, may fill. */

export { QuotaCheck } from './check.ts';
export { type Owner, originIn, sourceOf } from './owners.ts';
