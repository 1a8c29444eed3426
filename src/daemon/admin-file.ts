import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The file in its data directory where a running daemon tells the command line its address. */
export function adminFile(dataDir: string): string {
  return join(dataDir, 'admin.json');
}

/** URL of the admin endpoint of the daemon that runs there; undefined if there is none. */
export async function readAdminUrl(dataDir: string): Promise<string | undefined> {
  try {
    const { url } = JSON.parse(await readFile(adminFile(dataDir), 'utf8'));
    return typeof url === 'string' ? url : undefined;
  } catch {
    // Absent, unreadable or not ours: to the caller there is no address.
    return undefined;
  }
}
