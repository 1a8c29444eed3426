import { type PutResult, type Replica, StoreError, type VerifiedItem } from '../../store/index.ts';
import type { Reason } from './pause.ts';

/** Which items were stored, and why others were not, in their order. */
export interface StoredItems {
  readonly results: readonly PutResult[];
  readonly refusals: readonly Reason[];
}

/** Puts the items together. Where all of them do not fit, some may: then each is put by itself. */
export async function storeItems(
  replica: Pick<Replica, 'putVerified'>,
  items: readonly VerifiedItem[],
): Promise<StoredItems> {
  try {
    return { results: await replica.putVerified(items), refusals: [] };
  } catch (error) {
    if (items.length === 1) return { results: [], refusals: [reasonOf(error as Error)] };
  }
  const each: StoredItems[] = [];
  for (const item of items) each.push(await storeItems(replica, [item]));
  return {
    results: each.flatMap(({ results }) => results),
    refusals: each.flatMap(({ refusals }) => refusals),
  };
}

function reasonOf(error: Error): Reason {
  const code = error instanceof StoreError ? error.code : 'INTERNAL';
  return { code, message: error.message };
}
