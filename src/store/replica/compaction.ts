import {
  type CompactOptions,
  type CompactResult,
  compactDatabase,
  unavailableDatabase,
} from '../level/index.ts';
import type { SetLifecycle } from './recovery/index.ts';
import * as storeErrors from './store-errors.ts';

/**
 * Compacts the database of the set until it is closed or replaced. Rejects with `STORE_UNAVAILABLE` if the
 * database cannot be used meanwhile.
 */
export async function compact(
  lifecycle: Pick<SetLifecycle, 'database' | 'refusal'>,
  options?: CompactOptions,
): Promise<CompactResult> {
  const { database } = lifecycle;
  const closed = (): boolean => lifecycle.refusal?.code === 'STORE_CLOSED';
  const replaced = (): boolean => lifecycle.database !== database;
  try {
    return await compactDatabase(database, () => closed() || replaced(), options);
  } catch (error) {
    if (closed()) throw storeErrors.closed();
    throw unavailableDatabase(error);
  }
}
