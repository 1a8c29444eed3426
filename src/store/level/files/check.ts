import { CURRENT, type LiveTable, liveTables, ManifestDamage } from './manifest.ts';
import type { DatabaseFiles, FileEntry } from './port.ts';
import { checkTable, type TableFault } from './table.ts';

/** A damaged file of a database. */
export interface FileFault {
  readonly file: string;
  /** Completes a sentence that begins with the name of the file. */
  readonly message: string;
}

export interface FileCheckOptions {
  /** Files that need not be read. @default none */
  skip?: (file: FileEntry) => boolean;
}

const TABLE = /^(\d+)\.(ldb|sst)$/;

/** Tables, logs, and all manifests but the first, which may be left of a database that was never made. */
const WRITTEN = /^(\d+\.(ldb|sst|log)|MANIFEST-(?!000001$)\d+)$/;

/** The name of a file that is there only where a database was made. */
export function writtenFile(names: readonly string[]): string | undefined {
  return names.find((name) => WRITTEN.test(name));
}

export function tableNumber(name: string): number | null {
  const number = TABLE.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

export function tableName(number: number): string {
  return `${String(number).padStart(6, '0')}.ldb`;
}

/**
 * Reads all tables of a closed database that are in use, its manifest and its file CURRENT, and compares
 * them with their checksums. Yields the bytes read now and then; returns the damaged files.
 */
export async function* checkFiles(
  files: DatabaseFiles,
  { skip = () => false }: FileCheckOptions = {},
): AsyncGenerator<number, FileFault[]> {
  const entries = await files.list();
  if (!entries.some(({ name }) => name === CURRENT)) return withoutCurrent(entries);
  let live: Map<number, LiveTable>;
  try {
    live = await liveTables(files);
  } catch (error) {
    if (error instanceof ManifestDamage) return [{ file: error.file, message: error.message }];
    throw error;
  }
  const byNumber = new Map(entries.map((entry) => [tableNumber(entry.name), entry]));
  const faults: FileFault[] = [];
  for (const { number, bytes } of live.values()) {
    const entry = byNumber.get(number);
    const file = entry?.name ?? tableName(number);
    if (entry === undefined) faults.push({ file, message: 'is not there' });
    else if (entry.bytes !== bytes) {
      faults.push({ file, message: `has ${entry.bytes} bytes instead of ${bytes}` });
    } else if (!skip(entry)) {
      const fault = yield* checkOne(files, file);
      if (fault !== null) faults.push({ file, message: fault.message });
    }
  }
  return faults;
}

/** Without CURRENT LevelDB takes a database for a new one, and deletes what lies there. */
function withoutCurrent(entries: readonly FileEntry[]): FileFault[] {
  const written = writtenFile(entries.map(({ name }) => name));
  return written === undefined ? [] : [{ file: CURRENT, message: 'is not there' }];
}

/** The fault of one table; null when it is whole, or is not there. */
export async function* checkOne(
  files: DatabaseFiles,
  name: string,
): AsyncGenerator<number, TableFault | null> {
  const file = await files.open(name);
  if (file === null) return null;
  try {
    return yield* checkTable(file);
  } finally {
    await file.close();
  }
}

/** Carries out a check without pauses. Rejects with the signal's reason if that comes first. */
export async function toEnd<Result>(
  check: AsyncGenerator<number, Result>,
  signal?: AbortSignal,
): Promise<Result> {
  for (;;) {
    if (signal?.aborted === true) {
      await check.return(undefined as Result);
      throw signal.reason;
    }
    const step = await check.next();
    if (step.done === true) return step.value;
  }
}
