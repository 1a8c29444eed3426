import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a running daemon tells the command line how to reach it, in its data directory. */
export const ADMIN_FILE = 'admin.json';

export function addressPath(dataDir: string): string {
  return join(dataDir, ADMIN_FILE);
}

/** URL of the admin endpoint of the daemon that runs there; undefined when none has left one. */
export async function readAddress(dataDir: string): Promise<string | undefined> {
  try {
    const { url } = JSON.parse(await readFile(addressPath(dataDir), 'utf8'));
    return typeof url === 'string' ? url : undefined;
  } catch {
    // Absent, unreadable or not ours: to the caller there is no address.
    return undefined;
  }
}
