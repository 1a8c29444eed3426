/**
 * Which items this node takes, of its clients and of its peers: one guard asks all checks before anything is
 * stored. `GuardCheck` is the port of a check.
 */

export {
  type GuardCheck,
  type GuardedKey,
  guardOf,
  type ItemGuard,
  type ItemOrigin,
  type Verdicts,
} from './guard.ts';
export { type HintBounds, hintCheck } from './hints.ts';
export {
  loadPolicyFunction,
  type OpenedPolicy,
  openPolicy,
  type PolicyFigures,
} from './policy/index.ts';
export { type Owner, originIn, QuotaCheck, sourceOf } from './quotas/index.ts';
export { type GuardCode, GuardError, type ItemRefusal } from './refusal.ts';
export { refusedIdCheck } from './refused-ids.ts';
export { roleCheck } from './roles.ts';
