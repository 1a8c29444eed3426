import type { ItemKey } from '../../item.ts';

/** Why items leave a set for good. */
export interface Departures {
  /** Items with lower hints are pruned. */
  readonly floor: bigint;
  /**
   * Whether an item is kept out of the set.
   * @default none is
   */
  readonly refused?: (id: Uint8Array) => boolean;
}

/** Whether the item of an entry has left the set for good, so that the entry rightly has no item. */
export function departed({ hint, id }: ItemKey, { floor, refused }: Departures): boolean {
  return hint < floor || refused?.(id) === true;
}
