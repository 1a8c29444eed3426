import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { isLoopbackHost } from '../peer-address.ts';
import { AdminError } from './errors.ts';

/** The bearer token, in a file that an operator may replace. */
export interface TokenSource {
  readonly token: string;
  /** Why the file cannot be used any more, so that the token before it counts; null: it can. */
  readonly trouble: string | null;
  /**
   * Reads the file again if the last look was some time ago, or in any case if `now`. Never rejects. Null:
   * there is nothing to wait for.
   */
  look(now: boolean): Promise<void> | null;
}

export interface GuardInit {
  /** The address bound, as configured. */
  host: string;
  /** The bearer token; null: no call that changes state is possible. */
  token: TokenSource | null;
  /**
   * Host names accepted besides loopback and `host`.
   * @default []
   */
  allowedHosts?: readonly string[];
  /**
   * Reading needs the token on loopback too.
   * @default false
   */
  readToken?: boolean;
}

const IN_FILE =
  '; the token is in the file admin.token in the data directory, or where admin.tokenFile says';
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Decides which requests are heard: by Host header, and by token. Its checks throw `AdminError`, or reject with
 * it where the file of the token has to be read first; null: the request is heard.
 */
export class RequestGuard {
  /** Reached from beyond this machine: then reading needs the token too. */
  readonly exposed: boolean;
  readonly readsNeedToken: boolean;
  readonly #wildcard: boolean;
  readonly #hosts: ReadonlySet<string>;
  readonly #token: TokenSource | null;
  /** The last Host header that was accepted: nearly all requests have the same. */
  #lastHost: string | undefined;
  /** The bytes of the last token of `#token`, and room for those of a given token. */
  #ours = { token: '', bytes: Buffer.alloc(0), theirs: Buffer.alloc(0) };

  constructor({ host, token, allowedHosts = [], readToken = false }: GuardInit) {
    this.exposed = !isLoopbackHost(host);
    this.readsNeedToken = this.exposed || readToken;
    this.#wildcard = WILDCARDS.has(host);
    this.#hosts = new Set([host, ...allowedHosts].map(bareHost));
    this.#token = token;
  }

  /** Whether the request is heard at once. If not, it may be heard nevertheless: the checks decide. */
  passes(headers: IncomingHttpHeaders, access: 'read' | 'write'): boolean {
    if (!this.#isHost(headers.host)) return false;
    if (access === 'read' && !this.readsNeedToken) return true;
    const given = tokenIn(headers);
    if (given === undefined || this.#token === null) return false;
    return this.#token.look(false) === null && this.#isToken(given);
  }

  checkRequest(request: FastifyRequest): Promise<void> | null {
    this.#checkHost(request.headers.host);
    return this.readsNeedToken && !isProbe(request) ? this.checkToken(request) : null;
  }

  /** An old token counts no more, and a new one counts, once its file was replaced. */
  checkToken({ headers }: Pick<FastifyRequest, 'headers'>): Promise<void> | null {
    const given = tokenIn(headers);
    if (given === undefined)
      throw new AdminError(
        'UNAUTHORIZED',
        `this call needs the header "Authorization: Bearer TOKEN"${this.#place()}`,
      );
    const looking = this.#token?.look(false) ?? null;
    return looking === null && this.#isToken(given) ? null : this.#checkAgain(given, looking);
  }

  async #checkAgain(given: string, looking: Promise<void> | null): Promise<void> {
    await looking;
    if (this.#isToken(given)) return;
    await this.#token?.look(true);
    if (this.#isToken(given)) return;
    throw new AdminError('UNAUTHORIZED', `the token is not that of this daemon${this.#place()}`);
  }

  /** The time taken tells the length of the token at most, which is no secret. */
  #isToken(given: string): boolean {
    if (this.#token === null) return false;
    const { token } = this.#token;
    if (token !== this.#ours.token) {
      const bytes = Buffer.from(token);
      this.#ours = { token, bytes, theirs: Buffer.alloc(bytes.length) };
    }
    const { bytes, theirs } = this.#ours;
    // Node reads headers as latin1.
    if (given.length !== bytes.length) return false;
    theirs.write(given, 'latin1');
    return timingSafeEqual(bytes, theirs);
  }

  #place(): string {
    if (this.#token === null || this.#token.trouble === null) return IN_FILE;
    return '; its file cannot be used at the moment, so the token before it counts: see the log of the daemon';
  }

  /**
   * A web page can make a browser call this endpoint under a name of the page's own (DNS rebinding).
   * That name is not accepted here, and no page comes from a bare IP address of this machine.
   */
  #checkHost(header: string | undefined): void {
    if (this.#isHost(header)) return;
    throw new AdminError(
      'HOST_REFUSED',
      `the Host header ${JSON.stringify(header ?? '').slice(0, 100)} names no host of this endpoint: ` +
        'call it by the address it is bound to, or add the name to admin.allowedHosts',
    );
  }

  #isHost(header: string | undefined): boolean {
    if (header !== undefined && header === this.#lastHost) return true;
    const name = hostOf(header);
    if (name === undefined || !this.#accepts(name)) return false;
    this.#lastHost = header;
    return true;
  }

  #accepts(name: string): boolean {
    if (isLoopbackHost(name) || this.#hosts.has(name)) return true;
    return this.#wildcard && isIP(name) !== 0;
  }
}

/**
 * Health probes, proofs and the status page take no time, and are answered whatever else goes on, without a
 * token. Probes tell nothing but "up" and "ready"; a proof means nothing without the key, and a client asks for
 * it before it shows its token. The page holds no data; its calls are checked like all others.
 */
function isProbe({ operation }: FastifyRequest): boolean {
  return operation?.access === 'open';
}

function tokenIn({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  // Nearly all write it so; the groups of a pattern cost several times as much.
  const plain = authorization.startsWith('Bearer ') ? authorization.slice(7) : ' ';
  if (!/\s/.test(plain)) return plain === '' ? undefined : plain;
  return /^Bearer +([^\s]+)$/i.exec(authorization)?.[1];
}

/** The host of a Host header in lower case, without port and brackets; undefined if malformed. */
function hostOf(header: string | undefined): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^\s:/@?#[\]]+)(?::\d{1,5})?$/i.exec(header ?? '') ?? [];
  return name === undefined ? undefined : bareHost(name);
}

function bareHost(name: string): string {
  return name.replace(/^\[|\]$/g, '').toLowerCase();
}
