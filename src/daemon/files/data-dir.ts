import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError, shortageOf } from '../../store/index.ts';
import { DaemonError, EXIT, reasonOf } from '../errors.ts';
import type { Logger } from '../logging.ts';
import { makeDirectory } from './make-directory.ts';
import { openMode } from './secret-file.ts';

/** Where the database lies in a data directory. */
export function databasePath(dataDir: string): string {
  return join(dataDir, 'db');
}

/** Where the witness of commits lies, beside the database. */
export function witnessPath(dataDir: string): string {
  return join(dataDir, 'commit');
}

/** Where the note on the files of the database lies, beside the database. */
export function notePath(dataDir: string): string {
  return join(dataDir, 'files');
}

/**
 * Makes the directory where it is missing, and the database in it private with the files that it has:
 * LevelDB leaves payloads readable by every user. Warns when the directory itself is open. Rejects with `DATA_DIR_UNUSABLE`.
 */
export async function makeDataDir(directory: string, logger: Logger): Promise<void> {
  await makePrivate(directory);
  const database = databasePath(directory);
  try {
    await makeDirectory(database, 0o700);
    if (openMode(await stat(database)) !== null) await chmod(database, 0o700);
    await makeFilesPrivate(database);
  } catch (cause) {
    throw cannotMake(directory, cause);
  }
  const mode = openMode(await stat(directory));
  if (mode === null) return;
  logger.warn(
    { code: 'DATA_DIR_OPEN', path: directory },
    `${directory} has mode ${mode}, so other users of this machine may look into the data directory: run chmod 700 on it (systemd: StateDirectoryMode=0700)`,
  );
}

/** A file may go meanwhile: another process may have the database open. */
async function makeFilesPrivate(database: string): Promise<void> {
  for (const entry of await readdir(database, { withFileTypes: true })) {
    const path = join(database, entry.name);
    const stats = entry.isFile() ? await stat(path).catch(() => null) : null;
    if (stats !== null && openMode(stats) !== null) await chmod(path, 0o600).catch(() => null);
  }
}

/** Makes the directory alone, for its owner; one that is there stays as it is. Rejects with `DATA_DIR_UNUSABLE`. */
export async function makePrivate(directory: string): Promise<void> {
  await makeDirectory(directory, 0o700).catch((cause) => {
    throw cannotMake(directory, cause);
  });
}

function cannotMake(directory: string, cause: unknown): DaemonError {
  const reason = reasonOf(cause);
  const advice = shortageOf(reason) ?? 'set node.dataDir to a place this user may write to';
  const message = `The data directory ${directory} cannot be made (${reason}): ${advice}`;
  return new DaemonError('DATA_DIR_UNUSABLE', message, { cause });
}

/** The error of a store that cannot be opened, with an exit code; any other error as it is. */
export function dataDirError(cause: unknown, directory: string): unknown {
  if (!(cause instanceof StoreError)) return cause;
  if (cause.code === 'STORE_LOCKED') {
    const message = `The data directory ${directory} is in use by another rangemesh: stop that one, or set node.dataDir to another directory`;
    return new DaemonError('DATA_DIR_IN_USE', message, { cause, exitCode: EXIT.inUse });
  }
  if (cause.code === 'UNSUPPORTED_SCHEMA') {
    return new DaemonError(cause.code, cause.message, { cause, exitCode: EXIT.config });
  }
  const code = cause.code === 'STORE_CORRUPT' ? 'DATA_DAMAGED' : 'STORE_UNOPENED';
  return new DaemonError(code, cause.message, { cause });
}
