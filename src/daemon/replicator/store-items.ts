import { type PutResult, type Replica, StoreError, type VerifiedItem } from '../../store/index.ts';
import type { ArrivalObserver } from './observer.ts';
import type { Reason } from './pause.ts';

/**
 * Puts the items together; if that fails, each by itself. `refusals` gets the reasons in order, `observer` the
 * results of each put.
 */
export async function storeItems(
  replica: Pick<Replica, 'putVerified'>,
  items: readonly VerifiedItem[],
  refusals: Reason[],
  observer?: ArrivalObserver,
): Promise<PutResult<Uint8Array>[]> {
  try {
    const results = await replica.putVerified(items);
    observer?.stored(items, results);
    return results;
  } catch (error) {
    if (items.length === 1) {
      const code = error instanceof StoreError ? error.code : 'INTERNAL';
      refusals.push({ code, message: (error as Error).message });
      observer?.refused(code);
      return [];
    }
  }
  const stored: PutResult<Uint8Array>[] = [];
  for (const item of items) {
    stored.push(...(await storeItems(replica, [item], refusals, observer)));
  }
  return stored;
}
