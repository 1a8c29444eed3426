import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './durable-file.ts';

/**
 * Makes the directory and those above it. Node's own way of doing so never ends where the system says that a
 * path is not there and lets nothing be made in it, as below /proc.
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeDirectory(dirname(path), mode);
      await mkdir(path, mode).catch((again) => ignoreExisting(again, path));
    } else await ignoreExisting(error, path);
  }
}

/** Another process may have made it just now. */
async function ignoreExisting(error: unknown, path: string): Promise<void> {
  const known = ['EEXIST', 'EISDIR'].includes(codeOf(error));
  if (!known || !(await stat(path)).isDirectory()) throw error;
}
