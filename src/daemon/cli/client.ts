import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { DaemonError } from '../errors.ts';
import { RefusedError, usage } from './errors.ts';

export interface ClientInit {
  /** Of the admin endpoint, without a path. */
  url: string;
  token: string | null;
  /**
   * Connections kept at most.
   * @default 32
   */
  maxConnections?: number;
}

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  /** Path and query. */
  path: string;
  body?: Uint8Array;
  contentType?: string;
  /**
   * Doing it twice is doing it once, so a broken connection is worth a second try.
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
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** A connection that was there and broke; unlike one that never came about. */
const BROKEN: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

function codeOf(error: unknown): unknown {
  return Object((error as Error).cause).code;
}

/** Speaks to the admin endpoint of one daemon over kept-alive connections. */
export class DaemonClient {
  readonly url: string;
  readonly #token: string | null;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #secure: boolean;

  constructor({ url, token, maxConnections = 32 }: ClientInit) {
    const protocol = URL.canParse(url) ? new URL(url).protocol : '';
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw usage(`${url} is no URL of a daemon; give one such as http://127.0.0.1:9464`);
    }
    this.url = url.replace(/\/+$/, '');
    this.#token = token;
    this.#secure = protocol === 'https:';
    const options = { keepAlive: true, maxSockets: maxConnections };
    this.#agent = this.#secure ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** The answer's JSON; rejects with `RefusedError`, or `ADMIN_UNREACHABLE`. */
  async json<T>(call: Call): Promise<T> {
    const { body } = await this.call(call);
    try {
      return JSON.parse(new TextDecoder().decode(body));
    } catch (cause) {
      throw this.#unreachable('what answers there is no rangemesh daemon', cause);
    }
  }

  /** A call whose body is JSON. */
  sendJson<T>(
    call: Pick<Call, 'path' | 'idleMs'> & { method: 'POST' | 'DELETE' },
    value: unknown,
  ): Promise<T> {
    const body = new TextEncoder().encode(JSON.stringify(value));
    return this.json<T>({ ...call, body, contentType: 'application/json' });
  }

  /** The whole answer; rejects with `RefusedError`, or `ADMIN_UNREACHABLE`. */
  async call(call: Call): Promise<AdminResponse> {
    const answer = await this.#persist(call);
    if (answer.status < 400) return answer;
    throw refusal(answer);
  }

  /** The answer's bytes as they come; throws like `call`, also in their midst. */
  async *stream(call: Call): AsyncGenerator<Uint8Array> {
    const response = await this.#begin(call);
    const { statusCode: status = 0, headers } = response;
    try {
      if (status >= 400) throw refusal({ status, headers, body: await buffer(response) });
      yield* response;
    } catch (cause) {
      if (cause instanceof RefusedError) throw cause;
      throw this.#unreachable((cause as Error).message, cause);
    } finally {
      response.destroy();
    }
  }

  /** A kept-alive connection may break just as it is used again. */
  async #persist(call: Call): Promise<AdminResponse> {
    const { idempotent = call.method === 'GET' } = call;
    try {
      return await this.#exchange(call);
    } catch (error) {
      if (!idempotent || !BROKEN.has(codeOf(error))) throw error;
      return await this.#exchange(call);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #exchange(call: Call): Promise<AdminResponse> {
    const response = await this.#begin(call);
    const { statusCode: status = 0, headers } = response;
    try {
      return { status, headers, body: await buffer(response) };
    } catch (cause) {
      throw this.#unreachable((cause as Error).message, cause);
    }
  }

  /** Resolves when the head of the answer is there. */
  #begin(call: Call): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = this.#open(call);
      const fail = (cause: Error) =>
        reject(this.#unreachable(cause.message || String(cause), cause));
      request
        .on('error', fail)
        .on('timeout', () =>
          request.destroy(Object.assign(new Error('it does not answer'), { code: 'ETIMEDOUT' })),
        );
      request.on('response', resolve).end(call.body);
    });
  }

  #open({ method, path, body, contentType, idleMs = 60_000 }: Call): ClientRequest {
    const headers: Record<string, string> = {};
    if (this.#token !== null) headers.authorization = `Bearer ${this.#token}`;
    if (contentType !== undefined) headers['content-type'] = contentType;
    if (method !== 'GET') headers['content-length'] = String(body?.length ?? 0);
    const request = this.#secure ? httpsRequest : httpRequest;
    return request(`${this.url}${path}`, { method, headers, agent: this.#agent, timeout: idleMs });
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

function refusal({ status, body }: AdminResponse): RefusedError {
  try {
    const { code, message } = JSON.parse(new TextDecoder().decode(body));
    if (typeof code === 'string' && typeof message === 'string') {
      return new RefusedError(status, code, message);
    }
  } catch {
    // Not the daemon's own words: a proxy's, perhaps.
  }
  return new RefusedError(status, `HTTP_${status}`, `the answer is HTTP status ${status}`);
}
