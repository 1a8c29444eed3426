import {
  type CompactOptions,
  type CompactResult,
  compactDatabase,
  unavailableDatabase,
} from '../level/index.ts';
import type { ChangeableLimits } from './options.ts';
import type { ReplicaParts } from './parts.ts';
import type { SetLifecycle } from './recovery/index.ts';
import * as storeErrors from './store-errors.ts';
import type { VerifyOptions, VerifyResult } from './verify/index.ts';

/**
 * Compacts the database of the set until it is closed or replaced. Rejects with `STORE_UNAVAILABLE` if the
 * database cannot be used meanwhile.
 */
export async function compact(
  lifecycle: Pick<SetLifecycle, 'database'>,
  closed: () => boolean,
  options: CompactOptions,
): Promise<CompactResult> {
  const { database } = lifecycle;
  const stopped = (): boolean => closed() || lifecycle.database !== database;
  try {
    return await compactDatabase(database, stopped, options);
  } catch (error) {
    if (closed()) throw storeErrors.closed();
    throw unavailableDatabase(error);
  }
}

/** Takes other limits; items that are held stay. */
export function setLimits(
  { limits, puts }: ReplicaParts,
  changed: Partial<ChangeableLimits>,
): void {
  Object.assign(limits, changed);
  void puts.admission.refresh();
}

/** Compares all records with each other; findings become an incident. */
export async function verify(
  { lifecycle, incidents, verify }: ReplicaParts,
  options: VerifyOptions,
): Promise<VerifyResult> {
  const { database } = lifecycle;
  const result = await verify(options).catch((error) => {
    const gone = !lifecycle.readable || lifecycle.database !== database;
    if (gone && options.signal?.aborted !== true) throw storeErrors.unavailable(lifecycle.refusal);
    throw error;
  });
  if (!result.ok) incidents.add('VERIFY_FAILED', storeErrors.found(result));
  return result;
}
