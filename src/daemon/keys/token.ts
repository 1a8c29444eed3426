import { join } from 'node:path';
import { type Clock, shortageOf } from '../../store/index.ts';
import { DaemonError, reasonOf } from '../errors.ts';
import { loadOrCreateSecret, readSecret } from '../files/index.ts';
import type { IdentityInit } from './identity.ts';

export const TOKEN_FILE = 'admin.token';

export interface TokenInit extends IdentityInit {
  /**
   * The file, wherever it lies.
   * @default `admin.token` in the data directory
   */
  readonly path?: string | null;
}

export interface TokenFileInit extends TokenInit {
  readonly clock: Clock;
  /**
   * Told of each token that replaces another.
   * @default not told
   */
  readonly replaced?: (token: string) => void;
}

/** Between two looks at the file. */
const LOOK_MS = 1_000;
/** A token that was replaced counts no more after this time, however slow the disk is. */
const MAX_AGE_MS = 5_000;

/** The bearer token of the admin endpoint, in a file that is read again now and then. */
export class TokenFile {
  readonly path: string;
  readonly #init: TokenFileInit;
  /** When the last look that has ended began. */
  #lookedAt: number;
  #looking: Promise<void> | null = null;
  token: string;
  /** Why the file cannot be used any more, or null. */
  trouble: string | null = null;

  private constructor(init: TokenFileInit, token: string) {
    this.path = tokenPath(init);
    this.#init = init;
    this.token = token;
    this.#lookedAt = init.clock.monotonic();
  }

  /**
   * The token is 32 random bytes in base64url, made at the first start and kept in a file of mode 0600.
   * Rejects with `TOKEN_UNREADABLE`.
   */
  static async open(init: TokenFileInit): Promise<TokenFile> {
    const logger = init.logger.child({ component: 'admin' });
    return new TokenFile({ ...init, logger }, await loadToken({ ...init, logger }));
  }

  /**
   * Reads the file again if the last look is a second ago, or in any case if `now`. Null while the last look is
   * young enough: requests do not wait for the disk. Never rejects.
   */
  look(now: boolean): Promise<void> | null {
    const age = this.#init.clock.monotonic() - this.#lookedAt;
    if (!now && age < LOOK_MS) return null;
    this.#looking ??= this.#read().finally(() => {
      this.#looking = null;
    });
    return now || age >= MAX_AGE_MS ? this.#looking : null;
  }

  async #read(): Promise<void> {
    const { logger, clock } = this.#init;
    const { path } = this;
    const begunAt = clock.monotonic();
    let trouble: string | null = null;
    try {
      const token = checkToken(
        (await readSecret(path, logger.child({}, { level: 'error' }))) ?? '',
      );
      if (token !== this.token) {
        const text = `the token in ${path} is a new one: it counts from now on`;
        logger.info({ event: 'token-read' }, text);
        this.#init.replaced?.(token);
      }
      this.token = token;
    } catch (error) {
      trouble = reasonOf(error);
    }
    if (trouble !== null && trouble !== this.trouble) {
      const advice = 'the token before it counts until the file is right, or until the next start';
      logger.warn(
        { code: 'TOKEN_UNREADABLE', path },
        `${path} cannot be used (${trouble}): ${advice}`,
      );
    }
    this.trouble = trouble;
    this.#lookedAt = begunAt;
  }
}

/**
 * The token in the file, made where there is none. Rejects with `TOKEN_UNREADABLE`.
 */
export async function loadToken(init: TokenInit): Promise<string> {
  const path = tokenPath(init);
  const create = () => Buffer.from(init.random.bytes(32)).toString('base64url');
  try {
    return checkToken(await loadOrCreateSecret({ ...init, path, create }));
  } catch (cause) {
    const reason = reasonOf(cause);
    const advice =
      shortageOf(reason) ?? 'remove the file: a new token is then made at the next start';
    const message = `The admin token ${path} cannot be used (${reason}): ${advice}`;
    throw new DaemonError('TOKEN_UNREADABLE', message, { cause });
  }
}

function tokenPath({ path, directory }: TokenInit): string {
  return path ?? join(directory, TOKEN_FILE);
}

function checkToken(token: string): string {
  if (/^[\w.~+/-]{32,}=*$/.test(token)) return token;
  throw new Error('it is shorter than 32 characters, or has others than a bearer token may have');
}
