import { checkOne, tableNumber, toEnd } from './check.ts';
import { isWholeLog, withoutDamagedFragments } from './log.ts';
import type { DatabaseFiles, ReadableFile } from './port.ts';
import { withoutDamage } from './table.ts';

const LOG = /^\d+\.log$/;

/**
 * Takes what is damaged out of the tables and logs of a closed database, whole files where it must be, and
 * keeps the originals in `lost/`: LevelDB's own repair compares no checksums, and ends the process at some
 * of the damages it meets.
 */
export async function mendFiles(files: DatabaseFiles): Promise<void> {
  for (const { name } of await files.list()) {
    if (tableNumber(name) !== null) await mendTable(files, name);
    else if (LOG.test(name)) await mendLog(files, name);
  }
}

async function mendTable(files: DatabaseFiles, name: string): Promise<void> {
  const fault = await toEnd(checkOne(files, name));
  if (fault === null) return;
  const { rest } = fault;
  if (rest === null) await files.setAside(name, null);
  else await withFile(files, name, (file) => files.setAside(name, withoutDamage(file, rest)));
}

async function mendLog(files: DatabaseFiles, name: string): Promise<void> {
  await withFile(files, name, async (file) => {
    if (!(await isWholeLog(file))) await files.setAside(name, withoutDamagedFragments(file));
  });
}

async function withFile(
  files: DatabaseFiles,
  name: string,
  work: (file: ReadableFile) => Promise<void>,
): Promise<void> {
  const file = await files.open(name);
  if (file === null) return;
  try {
    await work(file);
  } finally {
    await file.close();
  }
}
