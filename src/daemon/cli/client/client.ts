import http from 'node:http';
import https from 'node:https';
import { arrayBuffer } from 'node:stream/consumers';
import { AdminClient, ClientError, type Transport } from '../../client/index.ts';
import { DaemonError } from '../../errors.ts';
import { jsonFields } from '../../parses.ts';
import { usage } from '../errors.ts';
import { pinnedTo, tlsTrouble } from './tls.ts';

export interface ClientInit {
  /** Of the admin endpoint. A path in it stands before those of the calls, as behind a proxy. */
  url: string;
  token: string | null;
  /**
   * Unix domain socket on which the daemon is reached in place of the host and port of the URL.
   * @default none
   */
  socket?: string | null | undefined;
  /**
   * The certificate, in PEM, that the daemon must show; its names do not count.
   * @default one that the machine trusts, for the host of the URL
   */
  certificate?: string | null | undefined;
  /**
   * By what the daemon is known before anything else is said to it.
   * @default whatever answers at the URL is taken for the daemon
   */
  identity?: DaemonIdentity | undefined;
  /**
   * Most connections at a time.
   * @default 32
   */
  maxConnections?: number | undefined;
}

/** The daemon that runs on a directory, as far as a client can tell. */
export interface DaemonIdentity {
  readonly directory: string;
  /** A new challenge each time. */
  challenge(): string;
  /** The proof that this daemon alone can give; null if it can give none. */
  answer(challenge: string): string | null;
}

export interface CallSettings {
  /**
   * A second call changes nothing more: if its connection breaks, the call is tried again.
   * @default true for GET, else false
   */
  idempotent?: boolean | undefined;
  /**
   * Milliseconds without a byte after which the daemon counts as gone.
   * @default 60_000
   */
  idleMs?: number | undefined;
}

/** A request as it goes out. */
interface Outgoing extends CallSettings {
  method: string;
  /** Path and query. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  bytes?: Uint8Array | undefined;
  signal?: AbortSignal | undefined;
}

/** Codes of connections that broke, unlike those of connections that never came about. */
const BROKEN: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** A proof is far shorter; another program may send without end. */
const MAX_PROOF_BYTES = 1_024;
const PROOF_IDLE_MS = 5_000;

/** Speaks to the admin endpoint of one daemon over kept-alive connections. */
export class DaemonClient {
  readonly url: string;
  readonly #token: string | null;
  readonly #request: typeof https.request;
  readonly #agent: http.Agent;
  readonly #socket: string | undefined;
  readonly #pinned: boolean;
  readonly #identity: DaemonIdentity | undefined;
  /** While no connection has closed since the proof, the daemon that gave it still has the port. */
  #proved: Promise<void> | undefined;

  constructor({ url, token, identity, socket, certificate, maxConnections = 32 }: ClientInit) {
    const protocol = URL.canParse(url) ? new URL(url).protocol : '';
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw usage(`${url} is no URL of a daemon; give one such as http://127.0.0.1:9464`);
    }
    this.url = url.replace(/\/+$/, '');
    this.#token = token;
    this.#identity = identity;
    this.#socket = socket ?? undefined;
    const { Agent, request } = protocol === 'https:' ? https : http;
    this.#request = request;
    this.#pinned = Boolean(certificate);
    const pinned = certificate ? pinnedTo(certificate) : {};
    this.#agent = new Agent({ keepAlive: true, maxSockets: maxConnections, ...pinned });
  }

  /**
   * The outcome of calls to the daemon. Rejects with `ClientError` for a refusal, and with
   * `ADMIN_UNREACHABLE`, `NOT_THIS_DAEMON` or a code of TLS where the daemon does not answer.
   */
  async ask<T>(call: (daemon: AdminClient) => Promise<T>, settings: CallSettings = {}): Promise<T> {
    try {
      return await call(new AdminClient({ url: this.url, fetch: this.#fetch(settings) }));
    } catch (error) {
      if (!(error instanceof ClientError) || error.status >= 400) throw error;
      throw this.#unreachable('what answers there is no rangemesh daemon', error);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The transport of the typed client: it knows the daemon before it shows the token. */
  #fetch(settings: CallSettings): Transport {
    return async (url, { method, headers, body, signal }) => {
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
      const path = url.slice(this.url.length);
      const response = await this.#tried({ ...settings, method, path, headers, bytes, signal });
      return {
        status: response.statusCode ?? 0,
        headers: { get: (name) => response.headers[name]?.toString() ?? null },
        body: this.#chunks(response),
        arrayBuffer: () => this.#whole(response),
      };
    };
  }

  async #tried(call: Outgoing): Promise<http.IncomingMessage> {
    const { idempotent = call.method === 'GET' } = call;
    try {
      return await this.#begin(call);
    } catch (error) {
      // A kept-alive connection may break just as it is used again.
      if (!idempotent || !BROKEN.has(Object((error as Error).cause).code)) throw error;
      return await this.#begin(call);
    }
  }

  async *#chunks(response: http.IncomingMessage): AsyncGenerator<Uint8Array> {
    try {
      yield* response;
    } catch (cause) {
      throw this.#broken(cause);
    } finally {
      response.destroy();
    }
  }

  async #whole(response: http.IncomingMessage): Promise<ArrayBuffer> {
    try {
      return await arrayBuffer(response);
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /** Resolves when the head of the answer is there. */
  async #begin(call: Outgoing): Promise<http.IncomingMessage> {
    if (this.#identity !== undefined) {
      this.#proved ??= this.#prove(this.#identity);
      await this.#proved.catch((error) => {
        this.#proved = undefined;
        throw error;
      });
    }
    return this.#send(call, this.#token);
  }

  /** Rejects with `NOT_THIS_DAEMON` or `ADMIN_UNREACHABLE`; sends nothing but the challenge. */
  async #prove({ directory, challenge, answer }: DaemonIdentity): Promise<void> {
    const asked = challenge();
    const expected = answer(asked);
    const call = { method: 'GET', path: `/v1/identity/${asked}`, idleMs: PROOF_IDLE_MS } as const;
    const response = await this.#send(call, null);
    const body = await readShort(response, MAX_PROOF_BYTES).catch((cause) => {
      throw this.#broken(cause);
    });
    const { proof } = jsonFields(new TextDecoder().decode(body));
    if (expected !== null && proof === expected) return;
    if (response.statusCode === 503) throw this.#busy();
    throw new DaemonError(
      'NOT_THIS_DAEMON',
      `the program at ${this.url} is not the daemon of ${directory}, so it was told nothing: start that ` +
        'daemon with "rangemesh start"; if it runs, it is of an older version and must be restarted',
    );
  }

  #send(call: Outgoing, token: string | null): Promise<http.IncomingMessage> {
    const { method, path, bytes, signal, idleMs = 60_000 } = call;
    const headers = {
      ...call.headers,
      ...(method !== 'GET' && { 'content-length': String(bytes?.length ?? 0) }),
      ...(token !== null && { authorization: `Bearer ${token}` }),
    };
    const init = {
      method,
      headers,
      agent: this.#agent,
      timeout: idleMs,
      signal,
      socketPath: this.#socket,
    };
    const forget = () => {
      this.#proved = undefined;
    };
    return new Promise((resolve, reject) => {
      const request = this.#request(`${this.url}${path}`, init);
      const silent = () =>
        request.destroy(Object.assign(new Error('it does not answer'), { code: 'ETIMEDOUT' }));
      request
        .on('timeout', silent)
        .on('socket', (socket) => {
          if (!request.reusedSocket) socket.once('close', forget);
        })
        .on('error', (cause) => {
          // A connection that breaks is told here before it closes.
          forget();
          void this.#failure(cause, request.reusedSocket).then(reject);
        })
        .on('response', resolve)
        .end(bytes);
    });
  }

  /** The error of a call that got no answer. A connection that was used before has had its handshake. */
  async #failure(cause: unknown, reused: boolean): Promise<Error> {
    const hasTls = !reused && this.#socket === undefined;
    const trouble = hasTls
      ? await tlsTrouble(cause, { url: this.url, pinned: this.#pinned })
      : null;
    return trouble ?? this.#broken(cause);
  }

  #broken(cause: unknown): Error {
    const { code, message } = Object(cause);
    const isHttp = !String(code).startsWith('HPE_');
    return this.#unreachable(isHttp ? message || String(cause) : 'its answer is no HTTP', cause);
  }

  #busy(): DaemonError {
    const message = `what answers at ${this.url} is too busy or about to end, and gave no proof that it is this daemon, so it was told nothing: try again in a moment`;
    return new DaemonError('ADMIN_UNREACHABLE', message);
  }

  #unreachable(reason: string, cause: unknown): DaemonError {
    return new DaemonError(
      'ADMIN_UNREACHABLE',
      `no daemon can be reached at ${this.#socket ?? this.url}: ${reason}; is it running? ` +
        'Give its address with --url, or its directory with --data-dir or --config',
      { cause },
    );
  }
}

/** The answer if it has at most `maxBytes`; a longer one is cut off and counts as none. */
async function readShort(response: http.IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let left = maxBytes;
  for await (const part of response) {
    left -= part.length;
    // Leaving the loop destroys the connection.
    if (left < 0) return new Uint8Array();
    parts.push(part);
  }
  return Buffer.concat(parts);
}
