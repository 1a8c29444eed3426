import http from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import { DaemonError } from '../errors.ts';
import { RefusedError, usage } from './errors.ts';

export interface ClientInit {
  /** Of the admin endpoint, without a path. */
  url: string;
  token: string | null;
  /**
   * Most connections at a time.
   * @default 32
   */
  maxConnections?: number | undefined;
}

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  /** Path and query. */
  path: string;
  /** A payload, or a value that is sent as JSON. */
  body?: Uint8Array | object;
  /**
   * A second call changes nothing more: if its connection breaks, the call is tried again.
   * @default true for GET, false for POST
   */
  idempotent?: boolean;
  /**
   * Milliseconds without a byte after which the daemon counts as gone.
   * @default 60_000
   */
  idleMs?: number;
}

export interface AdminResponse {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** Codes of connections that broke, unlike those of connections that never came about. */
const BROKEN: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Speaks to the admin endpoint of one daemon over kept-alive connections. */
export class DaemonClient {
  readonly url: string;
  readonly #token: string | null;
  readonly #request: typeof https.request;
  readonly #agent: http.Agent;

  constructor({ url, token, maxConnections = 32 }: ClientInit) {
    const protocol = URL.canParse(url) ? new URL(url).protocol : '';
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw usage(`${url} is no URL of a daemon; give one such as http://127.0.0.1:9464`);
    }
    this.url = url.replace(/\/+$/, '');
    this.#token = token;
    const { Agent, request } = protocol === 'https:' ? https : http;
    this.#request = request;
    this.#agent = new Agent({ keepAlive: true, maxSockets: maxConnections });
  }

  /** The JSON of the answer; rejects with `RefusedError`, or `ADMIN_UNREACHABLE`. */
  async json<T>(call: Call): Promise<T> {
    const { body } = await this.call(call);
    try {
      return JSON.parse(new TextDecoder().decode(body));
    } catch (cause) {
      throw this.#unreachable('what answers there is no rangemesh daemon', cause);
    }
  }

  /** The whole answer; rejects with `RefusedError`, or `ADMIN_UNREACHABLE`. */
  async call(call: Call): Promise<AdminResponse> {
    const { idempotent = call.method === 'GET' } = call;
    try {
      return await this.#exchange(call);
    } catch (error) {
      // A kept-alive connection may break just as it is used again.
      if (!idempotent || !BROKEN.has(Object((error as Error).cause).code)) throw error;
      return await this.#exchange(call);
    }
  }

  /** The bytes of the answer as they come; throws like `call`, also in their midst. */
  async *stream(call: Call): AsyncGenerator<Uint8Array> {
    const response = await this.#begin(call);
    try {
      await refuse(response);
      yield* response;
    } catch (cause) {
      throw this.#broken(cause);
    } finally {
      response.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #exchange(call: Call): Promise<AdminResponse> {
    const response = await this.#begin(call);
    try {
      await refuse(response);
      return { headers: response.headers, body: await buffer(response) };
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /** Resolves when the head of the answer is there. */
  #begin(call: Call): Promise<http.IncomingMessage> {
    const { method, path, idleMs = 60_000 } = call;
    const { bytes, headers } = encode(call);
    if (this.#token !== null) headers.authorization = `Bearer ${this.#token}`;
    const init = { method, headers, agent: this.#agent, timeout: idleMs };
    return new Promise((resolve, reject) => {
      const request = this.#request(`${this.url}${path}`, init);
      const silent = () =>
        request.destroy(Object.assign(new Error('it does not answer'), { code: 'ETIMEDOUT' }));
      request
        .on('timeout', silent)
        .on('error', (cause) => reject(this.#broken(cause)))
        .on('response', resolve)
        .end(bytes);
    });
  }

  #broken(cause: unknown): Error {
    if (cause instanceof RefusedError) return cause;
    return this.#unreachable((cause as Error).message || String(cause), cause);
  }

  #unreachable(reason: string, cause: unknown): DaemonError {
    return new DaemonError(
      'ADMIN_UNREACHABLE',
      `no daemon can be reached at ${this.url}: ${reason}; is it running? ` +
        'Give its address with --url, or its directory with --data-dir or --config',
      { cause },
    );
  }
}

/** The bytes of a body, and the headers that describe them. */
function encode({ method, body }: Call) {
  const headers: Record<string, string> = {};
  const isJson = body !== undefined && !(body instanceof Uint8Array);
  const bytes = isJson ? new TextEncoder().encode(JSON.stringify(body)) : body;
  if (bytes !== undefined) {
    headers['content-type'] = isJson ? 'application/json' : 'application/octet-stream';
  }
  if (method !== 'GET') headers['content-length'] = String(bytes?.length ?? 0);
  return { bytes, headers };
}

/** Rejects with `RefusedError` if the answer is a refusal. */
async function refuse(response: http.IncomingMessage): Promise<void> {
  const { statusCode: status = 0 } = response;
  if (status < 400) return;
  const { code, message } = parse(await buffer(response));
  if (typeof code === 'string' && typeof message === 'string') {
    throw new RefusedError(status, code, message);
  }
  throw new RefusedError(status, `HTTP_${status}`, `the answer is HTTP status ${status}`);
}

/** An object that is empty if the text is no JSON: perhaps a proxy answered instead of the daemon. */
function parse(body: Uint8Array): { code?: unknown; message?: unknown } {
  try {
    return Object(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    return {};
  }
}
