/**
 * The write policy of the operator: a program or a function that is asked about each item, and what happens when it
 * is late, dies or answers nonsense.
 */

export { PolicyCheck, type PolicyCheckInit, type PolicyFigures } from './check.ts';
export { PolicyMemory } from './memory.ts';
export type { PolicyAnswer, PolicyFunction, PolicyQuestion } from './module.ts';
export { loadPolicyFunction, type OpenedPolicy, type OpenPolicyInit, openPolicy } from './open.ts';
export type { ItemDecision, ItemQuestion, Policy } from './policy.ts';
