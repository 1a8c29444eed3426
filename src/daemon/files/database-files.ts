import type { BigIntStats } from 'node:fs';
import { type FileHandle, link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkLock,
  DatabaseCare,
  type DatabaseFiles,
  type FileEntry,
  type ReadableFile,
  repairDatabase,
} from '../../store/index.ts';
import { databasePath, notePath } from './data-dir.ts';
import { codeOf, replaceFile, syncDirectory } from './durable-file.ts';
import { makeDirectory } from './make-directory.ts';

/** Looks after the files of the database in a data directory. */
export function databaseCare(
  dataDir: string,
  files: DatabaseFiles = databaseFiles(dataDir),
): DatabaseCare {
  const path = databasePath(dataDir);
  return new DatabaseCare({
    path,
    notePath: notePath(dataDir),
    files,
    checkLock: () => checkLock(path),
    repair: () => repairDatabase(path),
  });
}

/** The files of the database in a data directory; the note lies beside it. */
export function databaseFiles(dataDir: string): DatabaseFiles {
  const directory = databasePath(dataDir);
  return {
    list: () => entriesIn(directory),
    async open(name) {
      const opened = open(join(directory, name), 'r');
      const file = await opened.catch(ifThere<FileHandle | null>(null));
      return file && readable(file);
    },
    setAside: (name, replacement) => setAside(directory, name, replacement),
    readNote: () => readFile(notePath(dataDir), 'utf8').catch(() => null),
    writeNote: (text) => replaceFile(notePath(dataDir), text),
  };
}

async function entriesIn(directory: string): Promise<FileEntry[]> {
  const names = await readdir(directory).catch(ifThere<string[]>([]));
  const entries = await Promise.all(
    names.sort().map(async (name) => {
      const path = join(directory, name);
      const stats = await stat(path, { bigint: true }).catch(ifThere<BigIntStats | null>(null));
      if (stats === null || !stats.isFile()) return [];
      // No program can set the time of the last change of status.
      const stamp = [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino].join(':');
      return [{ name, bytes: Number(stats.size), stamp }];
    }),
  );
  return entries.flat();
}

function ifThere<Other>(other: Other): (error: unknown) => Other {
  return (error) => {
    if (codeOf(error) === 'ENOENT') return other;
    throw error;
  };
}

async function readable(file: FileHandle): Promise<ReadableFile> {
  const { size } = await file.stat();
  return {
    bytes: size,
    async read(offset, length) {
      const wanted = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let at = 0;
      while (at < wanted.length) {
        const { bytesRead } = await file.read(wanted, at, wanted.length - at, offset + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return wanted.subarray(0, at);
    },
    close: () => file.close(),
  };
}

/** The file is under its name, as it was or as it is to be, at every moment. */
async function setAside(
  directory: string,
  name: string,
  replacement: AsyncIterable<Uint8Array> | null,
): Promise<void> {
  const [path, lost] = [join(directory, name), join(directory, 'lost')];
  await makeDirectory(lost, 0o700);
  const kept = join(lost, name);
  if (replacement === null) await rename(path, kept);
  else {
    const temporary = `${path}.mended`;
    await writeParts(temporary, replacement);
    await rm(kept, { force: true });
    // A file system without links keeps the new file only.
    await link(path, kept).catch(() => undefined);
    await rename(temporary, path);
  }
  await syncDirectory(lost);
  await syncDirectory(directory);
}

async function writeParts(path: string, parts: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for await (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}
