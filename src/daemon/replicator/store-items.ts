import { type PutResult, type Replica, StoreError, type VerifiedItem } from '../../store/index.ts';
import type { Reason } from './pause.ts';

/** Puts the items together; if that fails, each by itself. `refusals` gets the reasons in order. */
export async function storeItems(
  replica: Pick<Replica, 'putVerified'>,
  items: readonly VerifiedItem[],
  refusals: Reason[],
): Promise<PutResult<Uint8Array>[]> {
  try {
    return await replica.putVerified(items);
  } catch (error) {
    if (items.length === 1) {
      const code = error instanceof StoreError ? error.code : 'INTERNAL';
      refusals.push({ code, message: (error as Error).message });
      return [];
    }
  }
  const stored: PutResult<Uint8Array>[] = [];
  for (const item of items) stored.push(...(await storeItems(replica, [item], refusals)));
  return stored;
}
