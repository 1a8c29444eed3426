/** Items that are kept out of the set, whoever brings them: by word of the operator, or of a policy. */

export { RefusalStore } from './refusal-store.ts';
export type { NewRefusal, Refusals, RefusedAdded, RefusedItem, RefusedListInit } from './types.ts';
