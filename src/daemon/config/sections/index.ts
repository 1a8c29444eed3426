/** Sections of the configuration, one a file: the type of its values, and its keys with their defaults. */

export { type AccessConfig, access } from './access.ts';
export { type AdminConfig, admin } from './admin.ts';
export { type BudgetsConfig, budgets } from './budgets.ts';
export { type FetchConfig, fetch } from './fetch.ts';
export { type HintsConfig, hints } from './hints.ts';
export { type LimitsConfig, limits } from './limits.ts';
export { type NetworkConfig, network } from './network.ts';
export { type PenaltiesConfig, penalties } from './penalties.ts';
export { type PolicyConfig, policy } from './policy.ts';
export { type PushConfig, push } from './push.ts';
export { type QuotasConfig, quotas } from './quotas.ts';
export { type RetentionConfig, retention } from './retention.ts';
export { type SyncConfig, sync } from './sync.ts';
