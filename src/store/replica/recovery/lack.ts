import type { Disk } from '../../environment.ts';
import type { StoreError } from '../../errors.ts';
import * as storeErrors from '../store-errors.ts';

/** Bytes to spare beside what LevelDB writes when it is opened. */
const SPARE_BYTES = 256 * 1024;

/**
 * Why a database with `loggedBytes` in its log cannot be opened again; null when it should be possible. It
 * is asked while the database is open and can be read.
 */
export async function lackOf(disk: Disk, loggedBytes: number): Promise<StoreError | null> {
  const needed = loggedBytes + SPARE_BYTES;
  const free = await disk.freeBytes().catch(() => Number.POSITIVE_INFINITY);
  if (free < needed) return storeErrors.noRoom(needed, free);
  try {
    await disk.checkWritable?.();
    return null;
  } catch (cause) {
    return storeErrors.writeFailed(cause);
  }
}
