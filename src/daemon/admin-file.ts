import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running daemon leaves in its data directory for the command line. */
export interface AdminFile {
  /** URL of the admin endpoint. */
  readonly url: string;
  readonly pid: number;
  /** Drawn at each start, and only ever in this file: its owner knows the daemon by it. */
  readonly key: string;
  /** Where its bearer token lies. */
  readonly tokenFile: string;
  /** Its Unix domain socket, or null. */
  readonly socket: string | null;
  /** File with the certificate of an HTTPS endpoint, or null. */
  readonly cert: string | null;
}

/** The file in its data directory where a running daemon tells the command line its address. */
export function adminFile(dataDir: string): string {
  return join(dataDir, 'admin.json');
}

/** What `readAdminFile` finds; null is what an older version did not write. */
export interface FoundAdminFile extends Pick<AdminFile, 'url' | 'socket' | 'cert'> {
  readonly key: string | null;
  readonly tokenFile: string | null;
}

/** The file of the daemon that runs there; undefined if there is none. */
export async function readAdminFile(dataDir: string): Promise<FoundAdminFile | undefined> {
  try {
    const { url, ...rest } = JSON.parse(await readFile(adminFile(dataDir), 'utf8'));
    const given = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
    if (typeof url !== 'string') return undefined;
    const { key, tokenFile, socket, cert } = rest;
    return {
      url,
      key: given(key),
      tokenFile: given(tokenFile),
      socket: given(socket),
      cert: given(cert),
    };
  } catch {
    // Absent, unreadable or not ours: to the caller there is no address.
    return undefined;
  }
}

/**
 * The answer by which a daemon proves that it runs on a directory: HMAC-SHA-256 under its key, as
 * hexadecimal. `place` keeps the file of a copied directory from proving anything about the copy.
 */
export function proofOf(key: string, place: string, challenge: string): string {
  return createHmac('sha256', key)
    .update(`rangemesh admin 1\n${place}\n${challenge}`)
    .digest('hex');
}
