export { DEFAULT_POLICY_OPTIONS, ON_FAILURE, type PolicyOptions } from './policy/options.ts';
export { DEFAULT_QUOTA_OPTIONS, type QuotaOptions } from './quotas/options.ts';
