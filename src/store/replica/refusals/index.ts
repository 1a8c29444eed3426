/** Items that an operator keeps out, whoever brings them, and what a policy refused from which source. */

export { RefusalStore } from './refusal-store.ts';
export type {
  NewRefusal,
  PolicyRefusal,
  Refusals,
  RefusedAdded,
  RefusedItem,
  RefusedListInit,
} from './types.ts';
