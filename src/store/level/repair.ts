import { corruptDatabase } from './database.ts';

/** LevelDB's own repair, for which `level` has no type. */
interface Repairing {
  repair(location: string): Promise<void>;
}

/**
 * Leaves unreadable blocks out of the closed LevelDB in the directory `path`. LevelDB reads all its
 * tables, writes broken ones again without their broken blocks, and moves the old files to `lost/`.
 */
export async function repairDatabase(path: string): Promise<void> {
  const { Level } = await import('level');
  try {
    await (Level as unknown as Repairing).repair(path);
  } catch (cause) {
    const { message } = cause as Error;
    throw corruptDatabase(`the database in ${path} cannot be repaired (${message})`, cause);
  }
}
