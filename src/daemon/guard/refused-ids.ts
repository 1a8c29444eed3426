import { bytesToHex, type Refusals } from '../../store/index.ts';
import type { GuardCheck } from './guard.ts';
import { sourceOf } from './quotas/index.ts';

/** Refuses the items that operators keep out, and those that a policy refused from the same origin before. */
export function refusedIdCheck(refusals: Pick<Refusals, 'has' | 'hasFrom' | 'counts'>): GuardCheck {
  return {
    refusalOf(key, { peer, publisher }) {
      const { operator, policy } = refusals.counts;
      // The id of an item that is put here is computed once it is read.
      if (operator > 0 && refusals.has(key.id)) return refusal(key.id, true);
      if (policy === 0 || peer === null) return null;
      return refusals.hasFrom(sourceOf({ peer, publisher }), key.id)
        ? refusal(key.id, 'peer')
        : null;
    },
  };
}

function refusal(id: Uint8Array, lasting: true | 'peer') {
  const from = lasting === true ? '' : ' from this peer: the policy said so';
  const message = `item ${bytesToHex(id)} is refused here${from}; "rangemesh unrefuse" lets it in again`;
  return { code: 'ITEM_REFUSED', message, lasting } as const;
}
