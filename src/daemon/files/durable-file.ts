import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts a file in the place of another, or where there is none: whole or not at all. Mode 0600. The next
 * call removes the leftovers of a process that was killed on the way.
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await rm(temporary, { force: true });
  await writeDurably(temporary, content);
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** A new file of mode 0600, on disk when this resolves. */
export function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  return closing(open(path, 'wx', 0o600), async (file) => {
    await file.writeFile(content);
    await file.chmod(0o600);
    await file.sync();
  });
}

/** Creations and renames in the directory survive a loss of power from now on. */
export function syncDirectory(path: string): Promise<void> {
  return closing(open(path, 'r'), async (directory) => {
    try {
      await directory.sync();
    } catch (error) {
      // Some file systems cannot sync a directory; there is nothing better to do on them.
      if (!['EINVAL', 'EPERM', 'ENOTSUP'].includes(codeOf(error))) throw error;
    }
  });
}

/** The content of the file, empty if it is longer than `maxBytes`; null when there is no file. */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    return await closing(open(path, 'r'), async (file) => {
      const { size } = await file.stat();
      return size > maxBytes ? new Uint8Array(0) : await file.readFile();
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

async function closing<T>(
  opened: Promise<FileHandle>,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await opened;
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
