import type { ChangeableLimits } from './options.ts';
import type { ReplicaParts } from './parts.ts';
import * as storeErrors from './store-errors.ts';
import type { VerifyOptions, VerifyResult } from './verify/index.ts';

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

/** Finishes queued puts, and closes the database. */
export async function shutDown(parts: ReplicaParts): Promise<void> {
  const { merger, puts, refusals, scrubber, committer, incidents } = parts;
  merger.stop();
  await puts.settled();
  await refusals.settled();
  await scrubber.stop();
  try {
    await committer.close();
  } finally {
    incidents.close();
  }
}
