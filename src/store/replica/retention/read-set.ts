import { StoreError } from '../../errors.ts';
import { type Database, unavailableDatabase } from '../../level/index.ts';
import type { Committer } from '../commit/index.ts';
import { type DurableSet, isDamage } from '../durable-set/index.ts';
import * as storeErrors from '../store-errors.ts';

/** Reads the set ahead of a change of it. Damage lets the index be built again. Rejects with `StoreError`. */
export async function readSet<Result>(
  committer: Pick<Committer, 'lifecycle' | 'met'>,
  read: (database: Database, set: DurableSet) => Promise<Result>,
): Promise<Result> {
  const { lifecycle } = committer;
  const database = await lifecycle.reader();
  const set = lifecycle.use();
  try {
    return await read(database, set);
  } catch (error) {
    if (lifecycle.refusal?.code === 'STORE_CLOSED') throw lifecycle.refusal;
    committer.met(error);
    if (isDamage(error)) throw storeErrors.rebuilding();
    throw error instanceof StoreError ? error : unavailableDatabase(error);
  }
}
