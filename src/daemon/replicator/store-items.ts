import { type PutResult, type Replica, StoreError, type VerifiedItem } from '../../store/index.ts';
import type { ArrivalObserver } from './observer.ts';
import type { Reason } from './pause.ts';

/** Where the items go, and where they come from. */
export interface StoreItemsInit {
  readonly replica: Pick<Replica, 'putVerified'>;
  /** The peer that sent them. */
  readonly source: string;
  /** @default none */
  readonly observer?: ArrivalObserver | undefined;
}

/**
 * Puts the items that a peer sent together; if that fails, each by itself. `refusals` gets the reasons in
 * order.
 */
export async function storeItems(
  init: StoreItemsInit,
  items: readonly VerifiedItem[],
  refusals: Reason[],
): Promise<PutResult<Uint8Array>[]> {
  const { replica, source, observer } = init;
  try {
    const results = await replica.putVerified(items, { source });
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
  for (const item of items) stored.push(...(await storeItems(init, [item], refusals)));
  return stored;
}
