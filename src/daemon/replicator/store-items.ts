import { type PutResult, type Replica, StoreError, type VerifiedItem } from '../../store/index.ts';
import {
  type ItemGuard,
  type ItemOrigin,
  type ItemRefusal,
  sourceOf,
  type Verdicts,
} from '../guard/index.ts';
import type { ArrivalObserver } from './observer.ts';
import type { Reason } from './pause.ts';

/** Where the items go, and where they come from. */
export interface StoreItemsInit {
  readonly replica: Pick<Replica, 'putVerified'>;
  readonly guard: ItemGuard;
  readonly origin: ItemOrigin & { readonly peer: string };
  /** @default none */
  readonly observer?: ArrivalObserver | undefined;
  /**
   * Hears of each item that the guard refuses.
   * @default nobody does
   */
  readonly refused?: (id: Uint8Array, refusal: ItemRefusal) => void;
}

/**
 * Puts the items that a peer sent together, as far as the guard takes them; if that fails, each by itself.
 * `refusals` gets the reasons of the store in order.
 */
export async function storeItems(
  init: StoreItemsInit,
  items: readonly VerifiedItem[],
  refusals: Reason[],
): Promise<PutResult<Uint8Array>[]> {
  const verdicts = init.guard.judge(items, init.origin);
  try {
    const taken = verdicts === null ? items : takenOf(init, items, await verdicts);
    return taken.length === 0 ? [] : await putAll(init, taken, refusals);
  } finally {
    init.guard.settled(items);
  }
}

function takenOf(
  init: StoreItemsInit,
  items: readonly VerifiedItem[],
  verdicts: Verdicts,
): VerifiedItem[] {
  const taken: VerifiedItem[] = [];
  for (const [i, refusal] of verdicts.entries()) {
    const item = items[i]!;
    if (refusal === null) taken.push(item);
    else {
      init.observer?.refused(refusal.code);
      init.refused?.(item.id, refusal);
    }
  }
  return taken;
}

async function putAll(
  init: StoreItemsInit,
  items: readonly VerifiedItem[],
  refusals: Reason[],
): Promise<PutResult<Uint8Array>[]> {
  const { replica, origin, observer } = init;
  try {
    const results = await replica.putVerified(items, { source: sourceOf(origin) });
    observer?.stored(items, results);
    return results;
  } catch (error) {
    if (items.length === 1) {
      const code = error instanceof StoreError ? error.code : 'INTERNAL';
      const { message } = error as Error;
      // The floor has risen since the guard was asked: nothing is wrong with this node.
      if (code === 'HINT_TOO_OLD') init.refused?.(items[0]!.id, { code, message, lasting: true });
      else refusals.push({ code, message });
      observer?.refused(code);
      return [];
    }
  }
  const stored: PutResult<Uint8Array>[] = [];
  for (const item of items) stored.push(...(await putAll(init, [item], refusals)));
  return stored;
}
