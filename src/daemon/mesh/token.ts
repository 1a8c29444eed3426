import { join } from 'node:path';
import type { Random } from '../../store/index.ts';
import { DaemonError } from '../errors.ts';
import { loadOrCreateSecret } from '../files/index.ts';
import type { Logger } from '../logging.ts';

export const TOKEN_FILE = 'admin.token';

export interface TokenInit {
  /** The data directory; it must exist. */
  readonly directory: string;
  /**
   * The file, wherever it lies.
   * @default `admin.token` in the data directory
   */
  readonly path?: string | null;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * The bearer token of the admin endpoint: 32 random bytes in base64url, made at the first start and
 * kept in a file of mode 0600. Rejects with `DATA_DIR_UNUSABLE`.
 */
export async function loadToken(init: TokenInit): Promise<string> {
  const path = init.path ?? join(init.directory, TOKEN_FILE);
  try {
    const token = await loadOrCreateSecret({
      ...init,
      path,
      create: () => createToken(init.random),
    });
    if (!/^[\w.~+/-]{32,}=*$/.test(token))
      throw new Error(
        'it is shorter than 32 characters, or has others than a bearer token may have',
      );
    return token;
  } catch (error) {
    throw new DaemonError(
      'DATA_DIR_UNUSABLE',
      `The admin token ${path} cannot be used (${(error as Error).message}). Remove the file: a new token is then made at the next start`,
      { cause: error },
    );
  }
}

export function createToken(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url');
}
