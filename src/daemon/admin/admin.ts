import { type IncomingMessage, maxHeaderSize, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type onRequestHookHandler,
} from 'fastify';
import { shortageOf } from '../../store/index.ts';
import { exposedMessage } from '../config/index.ts';
import { DaemonError } from '../errors.ts';
import { BodyDeadlines, hasBody, lingerFor } from './bodies.ts';
import { CallSlots } from './call-slots.ts';
import { HttpConnections } from './connections/index.ts';
import { describeRoutes, documentOf } from './document.ts';
import { AdminError, type BodyLimit, type ErrorResponse, refusalOf } from './errors.ts';
import { type GuardInit, RequestGuard } from './guard.ts';
import { type HotFailure, type HotInit, HotItems } from './hot/index.ts';
import { type HandlerParts, isStreamed } from './operation.ts';
import { ADMIN_BOUNDS, type AdminBounds, type AdminObserver } from './options.ts';
import { payloadMemories } from './payload-memory.ts';
import { RequestPlaces, RequestsUnderWay } from './request-places.ts';
import { OPERATIONS } from './routes/index.ts';
import { knowAllMethods, serve } from './serve.ts';
import { JSON_TYPE, refuseConnection, refuseLate, SAFE_HEADERS, Servers } from './servers.ts';

/** Longest time for the body of a request to arrive: 16 MiB at 140 KiB/s. */
const REQUEST_TIMEOUT_MS = 120_000;
/** Longest JSON body. */
const MAX_JSON_BYTES = 64 * 1024;
/** How long requests under way may go on when the endpoint closes. */
const DRAIN_MS = 3_000;

/** The router refuses no other paths. */
const WRONG_ESCAPE =
  'the path has a % that begins no escape such as %20: write %25 for the sign itself';

const BUSY = new AdminError('BUSY', 'too many requests are under way; try again in a moment');
const STOPPING = new AdminError('SHUTTING_DOWN', 'the daemon is shutting down; try again later');

export interface AdminInit
  extends GuardInit,
    Pick<HandlerParts, 'node' | 'control' | 'limits' | 'metrics' | 'prove' | 'clock' | 'logger'> {
  /** @default none */
  observer?: AdminObserver;
  /** Called when a client asks for items or puts some, before the answer. Must not throw. @default none */
  asked?: () => void;
  /** 0 takes any free port. */
  port: number;
  /**
   * Path of a Unix domain socket that needs no token: its mode lets in the user of the daemon alone.
   * @default none
   */
  socket?: string | null;
  /**
   * Certificate and private key in PEM; with them the port speaks HTTPS.
   * @default HTTP
   */
  tls?: { readonly cert: string; readonly key: string } | null;
  /** @default `ADMIN_BOUNDS` */
  bounds?: Partial<AdminBounds>;
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
  const servers = new Servers(init, bounds, connections);
  const failures = new WeakMap<IncomingMessage, HotFailure>();
  const shared: FrontParts = {
    underWay: new RequestsUnderWay(bounds.maxRequests, connections),
    deadlines: new BodyDeadlines({
      clock: init.clock,
      bodyMs: REQUEST_TIMEOUT_MS,
      late: ({ socket }) => refuseLate(socket),
    }),
    failures,
    closing: closing.signal,
  };
  const { unreadMs } = bounds;
  const passes: HotInit['passes'] = ({ socket, headers }, access) =>
    connections.isOwn(socket) || guard.passes(headers, access);
  const hotInit = { ...init, ...shared, unreadMs, passes, answered: teller(init) };
  const hot = new HotItems(hotInit);
  const app = createServer((framework) => servers.create(framework, hot));
  knowAllMethods(app);
  app.decorateRequest('operation');
  boundRequests(app, shared);
  boundAnswers(app, bounds);
  const isOwn = ({ raw }: FastifyRequest) => connections.isOwn(raw.socket);
  tellOfCalls(app, init);
  addHooks(app, init, shared, (request) => (isOwn(request) ? null : guard.checkRequest(request)));
  describeRoutes(app, OPERATIONS, guard.readsNeedToken);
  const writers: onRequestHookHandler = (request, _reply, done) =>
    settle(isOwn(request) ? null : guard.checkToken(request), done);
  const { node, control, limits, metrics, prove, clock, logger } = init;
  const ports = { node, control, limits, metrics, prove, clock, logger };
  const given = { ...ports, bounds, closing: closing.signal };
  const parts = {
    ...given,
    ...payloadMemories(given),
    feeds: new RequestPlaces(bounds.maxFeeds, FULL),
    running: new Set<string>(),
    slots: new CallSlots(),
    document: documentOf(app),
  };
  serve(app, OPERATIONS, parts, writers);
  return {
    async listen() {
      const url = await listen(app, init);
      await servers.listen(init.socket ?? null).catch(async (error) => {
        await app.close();
        throw error;
      });
      return url;
    },
    close() {
      closing.abort(STOPPING);
      const cancel = servers.cutAfter(DRAIN_MS, init.clock);
      // To Node, a connection with a hot call alone is idle.
      const closed = hot.idle().then(() => Promise.all([app.close(), servers.close()]));
      return closed.then(cancel, cancel);
    },
  };
}

const FULL = new AdminError(
  'BUSY',
  'as many clients as possible read the order of arrival; try again when one has ended',
);

function createServer(serve: (answer: RequestListener) => Server): FastifyInstance {
  return Fastify({
    logger: false,
    bodyLimit: MAX_JSON_BYTES,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    serverFactory: serve,
    clientErrorHandler: refuseConnection,
    // Checks of our own say more about a long part of a path.
    routerOptions: { maxParamLength: maxHeaderSize },
    frameworkErrors: (_error, _request, reply) => {
      send(reply, { status: 400, code: 'BAD_REQUEST', message: WRONG_ESCAPE });
    },
  });
}

/** What the framework shares with the hot calls before it. */
type FrontParts = Pick<HotInit, 'underWay' | 'deadlines' | 'failures' | 'closing'>;

/**
 * Probes are answered whatever else goes on; they and refusals take no place. A body must arrive in time, unless
 * its handler reads it as it comes.
 */
function boundRequests(app: FastifyInstance, { underWay, deadlines, failures }: FrontParts): void {
  app.addHook('onClose', async () => deadlines.stop());
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request;
    const { operation } = request.routeOptions.config;
    request.operation = operation;
    if (failures.has(raw)) return done();
    const counts = operation?.access !== 'open';
    if (counts && underWay.full) return done(BUSY);
    if (counts) underWay.begin(raw.socket);
    if (hasBody(request) && !(operation && isStreamed(operation))) deadlines.add(raw);
    reply.raw.on('close', () => {
      deadlines.answered(raw);
      if (counts) underWay.end(raw.socket);
    });
    done();
  });
}

/** Behind all checks: bulk work makes way for no client that is refused. */
function tellOfCalls(app: FastifyInstance, { asked }: AdminInit): void {
  if (asked === undefined) return;
  app.addHook('preParsing', ({ operation }, _reply, _payload, done) => {
    if (operation?.tag === 'items') asked();
    done();
  });
}

function boundAnswers(app: FastifyInstance, { unreadMs }: AdminBounds): void {
  app.addHook('onSend', ({ raw }, _reply, _payload, done) => {
    raw.socket.setTimeout(unreadMs);
    done();
  });
}

function addHooks(
  app: FastifyInstance,
  init: AdminInit,
  { failures, closing }: FrontParts,
  check: (request: FastifyRequest) => Promise<void> | null,
): void {
  const answered = teller(init);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SAFE_HEADERS);
    const failure = failures.get(request.raw);
    if (failure !== undefined) return done(failure.error as Error);
    if (closing.aborted) {
      reply.header('connection', 'close');
      return done(STOPPING);
    }
    settle(check(request), (error) => done(error ?? refusalOfBody(request)));
  });
  app.addHook('onResponse', ({ raw, operation }, { statusCode, elapsedTime }, done) => {
    const failure = failures.get(raw);
    const ms = failure === undefined ? elapsedTime : init.clock.monotonic() - failure.begunAt;
    answered(raw, operation?.path, statusCode, ms);
    done();
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
    if (refusal.status === 413 || refusal.status === 415) await lingerFor(reply, init.clock);
    return send(reply, refusal);
  });
}

function teller({ observer, logger }: AdminInit) {
  return (
    { method = '', url }: IncomingMessage,
    route: string | undefined,
    status: number,
    ms: number,
  ) => {
    observer?.answered({ method, route, status, ms });
    if (logger.isLevelEnabled('debug')) {
      logger.debug({ method, url, status, ms: Math.round(ms) }, 'request');
    }
  };
}

/** Goes on once a check is over: at once if there is nothing to wait for. */
function settle(check: Promise<void> | null, done: (error?: Error) => void): void {
  if (check === null) done();
  else check.then(() => done(), done);
}

/** A compressed body would be stored as it is: its sender means what is in it. */
function refusalOfBody({ headers }: FastifyRequest): AdminError | undefined {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || /^\s*identity\s*$/i.test(encoding)) return undefined;
  const message = `a body in Content-Encoding ${JSON.stringify(encoding).slice(0, 60)} is not taken: send it without`;
  return new AdminError('UNSUPPORTED_ENCODING', message);
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

async function listen(app: FastifyInstance, { host, port, tls }: AdminInit): Promise<string> {
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
  return urlOf(tls ? 'https' : 'http', app.server.address() as AddressInfo);
}

/** The URL by which this machine reaches the endpoint: on loopback if it is bound to every address. */
function urlOf(scheme: string, { address, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `${scheme}://127.0.0.1:${port}`;
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
