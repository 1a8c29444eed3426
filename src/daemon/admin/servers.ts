import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { Alarm, type Cancel, type Clock } from '../../store/index.ts';
import { DaemonError, reasonOf } from '../errors.ts';
import type { Front, HttpConnections, ServeInit } from './connections/index.ts';
import { AdminError } from './errors.ts';
import type { AdminBounds } from './options.ts';
import { listenOnSocket } from './socket.ts';

/** How long a connection without a request stays open. */
export const KEEP_ALIVE_MS = 72_000;
/** How long a refused connection is kept, so that a refusal arrives. */
const LINGER_MS = 2_000;
/** A server takes connections until it begins to close, and then waits for each without an end. */
const CUT_AGAIN_MS = 100;

/** Of answers, refusals among them. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/** Of all answers. Payloads come from anywhere: no browser may take a payload for a page of ours. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'",
} as const;

/** The servers of an endpoint: one for its port, and one for its socket. They share all bounds. */
export class Servers {
  readonly #secure: ServeInit['secure'];
  readonly #bounds: AdminBounds;
  readonly #connections: HttpConnections;
  readonly #all: Server[] = [];
  #answer: RequestListener | undefined;
  #front: Front | undefined;

  /** Throws `TLS_UNREADABLE` for a certificate or key that is none. */
  constructor(
    { tls }: { readonly tls?: { readonly cert: string; readonly key: string } | null },
    bounds: AdminBounds,
    connections: HttpConnections,
  ) {
    this.#secure = tls ? contextOf(tls) : undefined;
    this.#bounds = bounds;
    this.#connections = connections;
  }

  /** The server of the port. */
  create(answer: RequestListener, front: Front): Server {
    this.#answer = answer;
    this.#front = front;
    return this.#serve({ secure: this.#secure });
  }

  /** Listens on a socket, if there is a path. Rejects with `LISTEN_FAILED`. */
  async listen(path: string | null): Promise<void> {
    if (path === null) return;
    const server = this.#serve({ own: true });
    server.on('clientError', refuseConnection);
    await listenOnSocket(server, path);
  }

  /** Cuts all connections after a while, and later ones as they come, until it is called off. */
  cutAfter(delayMs: number, clock: Clock): Cancel {
    const alarm = new Alarm(clock);
    const cut = (): void => {
      for (const server of this.#all) server.closeAllConnections();
      alarm.set(CUT_AGAIN_MS, cut);
    };
    alarm.set(delayMs, cut);
    return () => alarm.cancel();
  }

  /** Closes all but the first server, which fastify closes; resolves when their connections have ended. */
  async close(): Promise<void> {
    const others = this.#all.slice(1).filter(({ listening }) => listening);
    await Promise.all(others.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #serve(init: ServeInit): Server {
    const { headersMs, unreadMs } = this.#bounds;
    const options = {
      // `BodyDeadlines` ends late requests: a stream of items may take longer.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: headersMs,
      connectionsCheckingInterval: headersMs / 2,
      // The guard answers for a missing Host header, in JSON like every other refusal.
      requireHostHeader: false,
    };
    const unmet = refuseExpectation;
    const front = this.#front!;
    const server = this.#connections.serve(options, this.#answer!, { ...init, unmet, front });
    server.on('timeout', (socket: Socket) => {
      // A verification may think for long in the midst of its answer.
      const thinks = socket.writableLength === 0 && this.#connections.isAnswering(socket);
      if (thinks) socket.setTimeout(unreadMs);
      else socket.destroy();
    });
    this.#all.push(server);
    return server;
  }
}

function contextOf(tls: { readonly cert: string; readonly key: string }) {
  try {
    const context = createSecureContext({ ...tls });
    // OpenSSL keeps a key of another type beside the certificate; then each handshake fails.
    if (new X509Certificate(tls.cert).checkPrivateKey(createPrivateKey(tls.key))) return context;
  } catch (cause) {
    throw unusable(reasonOf(cause), cause);
  }
  throw unusable('the key is not that of the certificate');
}

function unusable(reason: string, cause?: unknown): DaemonError {
  const message = `admin.tls.cert and admin.tls.key cannot be used (${reason}): give a certificate and its key in PEM`;
  return new DaemonError('TLS_UNREADABLE', message, { cause });
}

/** Node itself answers an unknown `Expect` without a body. */
function refuseExpectation({ headers }: IncomingMessage, response: ServerResponse): void {
  const expected = JSON.stringify(headers.expect ?? '').slice(0, 60);
  const message = `the header Expect: ${expected} cannot be met: leave it out, or send 100-continue`;
  const { status, code } = new AdminError('EXPECTATION_FAILED', message);
  response
    .writeHead(status, { 'content-type': JSON_TYPE, connection: 'close' })
    .end(JSON.stringify({ code, message }));
}

/** Answers bytes that are no HTTP, or come too slowly or too long; there is no request to reply to. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, code, message } = connectionRefusal(error.code);
  const body = JSON.stringify({ code, message });
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${JSON_TYPE}\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

/** Answers a request whose body did not come in time, as Node would. */
export function refuseLate(socket: Socket): void {
  refuseConnection(Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
}

function connectionRefusal(code: string | undefined): AdminError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AdminError('REQUEST_TIMEOUT', 'the request took too long to arrive');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new AdminError('HEADERS_TOO_LARGE', 'the request has too long headers');
  }
  return new AdminError('BAD_REQUEST', 'the request is not valid HTTP');
}
