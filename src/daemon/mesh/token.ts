import { join } from 'node:path';
import { DaemonError } from '../errors.ts';
import { loadOrCreateSecret } from '../files/index.ts';
import type { IdentityInit } from './identity.ts';

export const TOKEN_FILE = 'admin.token';

export interface TokenInit extends IdentityInit {
  /**
   * The file, wherever it lies.
   * @default `admin.token` in the data directory
   */
  readonly path?: string | null;
}

/**
 * The bearer token of the admin endpoint: 32 random bytes in base64url, made at the first start and
 * kept in a file of mode 0600. Rejects with `TOKEN_UNREADABLE`.
 */
export async function loadToken(init: TokenInit): Promise<string> {
  const path = init.path ?? join(init.directory, TOKEN_FILE);
  const create = () => Buffer.from(init.random.bytes(32)).toString('base64url');
  try {
    const token = await loadOrCreateSecret({ ...init, path, create });
    if (/^[\w.~+/-]{32,}=*$/.test(token)) return token;
    throw new Error('it is shorter than 32 characters, or has others than a bearer token may have');
  } catch (cause) {
    const message = `The admin token ${path} cannot be used (${(cause as Error).message}). Remove the file: a new token is then made at the next start`;
    throw new DaemonError('TOKEN_UNREADABLE', message, { cause });
  }
}
