import { type Replica, StoreError } from '../../../store/index.ts';

/** Whether an item is known to be here; false while it cannot be looked up. */
export function isHeld(replica: Pick<Replica, 'contains'>, id: Uint8Array): boolean {
  try {
    return replica.contains(id);
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}
