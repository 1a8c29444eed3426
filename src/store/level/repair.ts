import { StoreError } from '../errors.ts';

/** LevelDB's own way to put a database together from what can be read; `level` has no type for it. */
interface Repairing {
  repair(location: string): Promise<void>;
}

/**
 * Leaves out of the closed LevelDB in the directory `path` what cannot be read. LevelDB reads all its
 * tables for that, writes those that are broken again without the broken blocks, and moves what it
 * replaces to `lost/` in the directory.
 */
export async function repairDatabase(path: string): Promise<void> {
  const { Level } = await import('level');
  try {
    await (Level as unknown as Repairing).repair(path);
  } catch (cause) {
    throw new StoreError(
      'STORE_CORRUPT',
      `the database in ${path} cannot be repaired (${(cause as Error).message}): restore it from a ` +
        'copy, or start with an empty directory and let the peers refill it',
      { cause },
    );
  }
}
