import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify';
import { type Clock, shortageOf } from '../../store/index.ts';
import { exposedMessage } from '../config/index.ts';
import { DaemonError } from '../errors.ts';
import { HttpConnections } from './connections.ts';
import { describeRoutes, documentOf } from './document.ts';
import { AdminError, type BodyLimit, type ErrorResponse, refusalOf } from './errors.ts';
import { type GuardInit, isProbe, RequestGuard } from './guard.ts';
import type { HandlerParts } from './operation.ts';
import { ADMIN_BOUNDS, type AdminBounds } from './options.ts';
import { PayloadMemory } from './payload-memory.ts';
import { OPERATIONS } from './routes/index.ts';
import { knowAllMethods, serve } from './serve.ts';

/** Longest JSON body. */
const MAX_JSON_BYTES = 64 * 1024;
/** Longest time for one request to arrive: 16 MiB at 140 KiB/s. */
const REQUEST_TIMEOUT_MS = 120_000;
/** How long a connection without a request stays open. */
const KEEP_ALIVE_MS = 72_000;
/** How long requests under way may go on when the endpoint closes. */
const DRAIN_MS = 3_000;
/** How long the rest of a refused body is read, and a refused connection kept, so that a refusal arrives. */
const LINGER_MS = 2_000;

const JSON_TYPE = 'application/json; charset=utf-8';

const BUSY = new AdminError('BUSY', 'too many requests are under way; try again in a moment');
const STOPPING = new AdminError('SHUTTING_DOWN', 'the daemon is shutting down; try again later');

export interface AdminInit
  extends GuardInit,
    Pick<HandlerParts, 'node' | 'limits' | 'metrics' | 'prove' | 'clock' | 'logger'> {
  /** @default none */
  observer?: AdminObserver;
  /** 0 takes any free port. */
  port: number;
  /** @default `ADMIN_BOUNDS` */
  bounds?: Partial<AdminBounds>;
}

/** Hears of answered requests. Its methods must not throw. */
export interface AdminObserver {
  /** `route` is the pattern of the path, or undefined for a path that is none. */
  answered(answer: { method: string; route: string | undefined; status: number; ms: number }): void;
  /** A request got an error for its answer. */
  refused(code: string): void;
}

export interface Admin {
  /** Resolves with the URL the endpoint is reached at; rejects with `LISTEN_FAILED`. */
  listen(): Promise<string>;
  /** Refuses new calls, lets running ones end within three seconds, closes. Idempotent. */
  close(): Promise<void>;
}

/**
 * The HTTP admin endpoint over a node. Throws `ADMIN_EXPOSED` when `host` is beyond loopback and
 * there is no token.
 */
export function createAdmin(init: AdminInit): Admin {
  const guard = new RequestGuard(init);
  if (guard.exposed && init.token === null) {
    throw new DaemonError('ADMIN_EXPOSED', exposedMessage(init.host));
  }
  const closing = new AbortController();
  const bounds = { ...ADMIN_BOUNDS, ...init.bounds };
  const connections = new HttpConnections(bounds);
  const app = createServer(bounds, connections);
  knowAllMethods(app);
  boundRequests(app, bounds, connections);
  boundAnswers(app, bounds, connections);
  addHooks(app, init, guard, closing.signal);
  describeRoutes(app, OPERATIONS);
  const writers = async (request: FastifyRequest) => guard.checkToken(request);
  const { node, limits, metrics, prove, clock, logger } = init;
  const given = { node, limits, metrics, prove, clock, logger, bounds, closing: closing.signal };
  const parts = {
    ...given,
    ...memories(given),
    running: new Set<string>(),
    document: documentOf(app),
  };
  serve(app, OPERATIONS, parts, writers as onRequestHookHandler);
  return {
    listen: () => listen(app, init),
    close() {
      closing.abort(STOPPING);
      const cancel = init.clock.after(DRAIN_MS, () => app.server.closeAllConnections());
      return app.close().finally(cancel);
    },
  };
}

const UNREAD = new AdminError(
  'BUSY',
  'answers that other clients have not read take up the memory for payloads; try again in a minute',
);
const UNSENT = new AdminError(
  'BUSY',
  'payloads that other clients send take up the memory for them; try again in a minute',
);

function memories({ clock, bounds }: Pick<HandlerParts, 'clock' | 'bounds'>) {
  return {
    answers: new PayloadMemory({ clock, bounds, totalBytes: bounds.answerBytes, full: UNREAD }),
    bodies: new PayloadMemory({ clock, bounds, totalBytes: bounds.bodyBytes, full: UNSENT }),
  };
}

function createServer({ headersMs }: AdminBounds, connections: HttpConnections): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_JSON_BYTES,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    serverFactory: (answer) =>
      connections.serve(
        {
          requestTimeout: REQUEST_TIMEOUT_MS,
          keepAliveTimeout: KEEP_ALIVE_MS,
          headersTimeout: headersMs,
          connectionsCheckingInterval: headersMs / 2,
          // The guard answers for a missing Host header, in JSON like every other refusal.
          requireHostHeader: false,
        },
        answer,
      ),
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, _request, reply) => {
      const message = `the request cannot be read: ${error.message}`;
      send(reply, { status: error.statusCode ?? 400, code: 'BAD_REQUEST', message });
    },
  });
  app.server.on('checkExpectation', refuseExpectation);
  return app;
}

/** Probes are answered whatever else goes on; they and refusals take no place. */
function boundRequests(
  app: FastifyInstance,
  { maxRequests }: AdminBounds,
  connections: HttpConnections,
): void {
  let running = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (isProbe(request)) return;
    if (running >= maxRequests) throw BUSY;
    running++;
    const release = connections.hold(request.raw.socket);
    reply.raw.once('close', () => {
      running--;
      release();
    });
  });
}

function boundAnswers(
  app: FastifyInstance,
  { unreadMs }: AdminBounds,
  connections: HttpConnections,
): void {
  app.addHook('onSend', async ({ raw }) => {
    raw.socket.setTimeout(unreadMs);
  });
  app.server.on('timeout', (socket: Socket) => {
    // A verification may think for long in the midst of its answer.
    if (socket.writableLength === 0 && connections.isAnswering(socket)) socket.setTimeout(unreadMs);
    else socket.destroy();
  });
}

function addHooks(
  app: FastifyInstance,
  init: AdminInit,
  guard: RequestGuard,
  closing: AbortSignal,
): void {
  app.addHook('onRequest', async (request, reply) => {
    // Payloads come from anywhere: no browser may take a payload for a page of ours.
    reply.header('x-content-type-options', 'nosniff');
    reply.header('content-security-policy', "default-src 'none'");
    if (closing.aborted) {
      reply.header('connection', 'close');
      throw STOPPING;
    }
    await guard.checkRequest(request);
    requirePlainBody(request);
  });
  app.addHook('onResponse', async ({ method, url, routeOptions }, { statusCode, elapsedTime }) => {
    const route = routeOptions.url;
    init.observer?.answered({ method, route, status: statusCode, ms: elapsedTime });
    init.logger.debug({ method, url, status: statusCode, ms: Math.round(elapsedTime) }, 'request');
  });
  app.setNotFoundHandler(({ url }) => {
    const path = url.split('?', 1)[0]!.slice(0, 200);
    throw new AdminError('NOT_FOUND', `there is nothing at ${path}; see /openapi.json`);
  });
  app.setErrorHandler(async (error, request, reply) => {
    const refusal = refusalOf(error, limitOf(request, init.limits.maxItemBytes));
    init.observer?.refused(refusal.code);
    if (refusal.status === 500)
      init.logger.error({ err: error, code: refusal.code }, 'a call failed');
    if (refusal.status === 413 || refusal.status === 415) await discard(request.raw, init.clock);
    return send(reply, refusal);
  });
}

/** A compressed body would be stored as it is: its sender means what is in it. */
function requirePlainBody({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (/^\s*identity\s*$/i.test(encoding)) return;
  const message = `a body in Content-Encoding ${JSON.stringify(encoding).slice(0, 60)} is not taken: send it without`;
  throw new AdminError('UNSUPPORTED_ENCODING', message);
}

function limitOf({ routeOptions }: FastifyRequest, maxItemBytes: number): BodyLimit {
  return routeOptions.config?.operation?.path === '/v1/items'
    ? { code: 'ITEM_TOO_LARGE', bytes: maxItemBytes }
    : { code: 'BODY_TOO_LARGE', bytes: MAX_JSON_BYTES };
}

function send(reply: FastifyReply, { status, code, message }: ErrorResponse): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="rangemesh"');
  return reply.code(status).type(JSON_TYPE).send({ code, message });
}

/** Reads and drops the rest of a body: closing on a sender that still writes can lose our answer. */
function discard(request: IncomingMessage, clock: Clock): Promise<void> {
  if (request.complete) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(LINGER_MS, resolve);
  request.once('end', resolve).once('close', resolve).once('error', resolve).resume();
  return promise.finally(cancel);
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
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
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

function connectionRefusal(code: string | undefined): AdminError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new AdminError('REQUEST_TIMEOUT', 'the request took too long to arrive');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new AdminError('HEADERS_TOO_LARGE', 'the request has too long headers');
  }
  return new AdminError('BAD_REQUEST', 'the request is not valid HTTP');
}

async function listen(app: FastifyInstance, { host, port }: AdminInit): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new DaemonError(
      'LISTEN_FAILED',
      `the admin endpoint cannot listen on ${host} port ${port} (${reason}): ` +
        (shortageOf(reason) ?? 'choose another admin.port or admin.host'),
      { cause },
    );
  }
  return urlOf(app.server.address() as AddressInfo);
}

/** The URL by which this machine reaches the endpoint: on loopback if it is bound to every address. */
function urlOf({ address, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${port}`;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
