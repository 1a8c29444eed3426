import { bytesToHex, type Refusals } from '../../store/index.ts';
import type { GuardCheck } from './guard.ts';

/** Refuses the items that are kept out of the set by their ids. */
export function refusedIdCheck(refusals: Pick<Refusals, 'has' | 'counts'>): GuardCheck {
  return {
    refusalOf(key) {
      const { operator, policy } = refusals.counts;
      // The id of an item that is put here is computed once it is read.
      if (operator + policy === 0 || !refusals.has(key.id)) return null;
      const message = `item ${bytesToHex(key.id)} is refused here: "rangemesh unrefuse" lets it in again`;
      return { code: 'ITEM_REFUSED', message, lasting: true };
    },
  };
}
