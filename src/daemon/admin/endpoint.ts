import { METHODS } from 'node:http';
import type {
  FastifyInstance,
  HTTPMethods,
  onRequestHookHandler,
  RouteHandlerMethod,
} from 'fastify';
import type { Clock } from '../../store/index.ts';
import type { Logger } from '../logging.ts';
import type { Node } from '../node-api.ts';
import { AdminError } from './errors.ts';
import type { AdminBounds } from './options.ts';
import { readNoQuery } from './query.ts';

/** The parts that handlers work with. */
export interface RoutesInit {
  node: Node;
  limits: { readonly maxItemBytes: number };
  bounds: AdminBounds;
  /** The answer to a challenge of a client that must know which daemon this is. */
  prove: (challenge: string) => string;
  clock: Clock;
  logger: Logger;
  /** Lets through only clients that may write. */
  writers: onRequestHookHandler;
  /** Aborted when the endpoint closes. */
  closing: AbortSignal;
}

/** A handler of a path that takes no query. */
export function plain(handler: RouteHandlerMethod): RouteHandlerMethod {
  return async function (request, reply) {
    readNoQuery(request.query);
    return handler.call(this, request, reply);
  };
}

/** Teaches the server every method that Node can parse: none of them may look like a wrong path. */
export function knowAllMethods(app: FastifyInstance): void {
  for (const method of METHODS) {
    if (method === 'CONNECT' || app.supportedMethods.includes(method as HTTPMethods)) continue;
    app.addHttpMethod(method, { hasBody: true });
  }
}

/**
 * Serves one path: the methods given, HEAD beside GET, and 405 for every other method. `writers` runs before
 * the body of a POST or DELETE is read.
 */
export function endpoint(
  app: FastifyInstance,
  url: string,
  writers: onRequestHookHandler | onRequestHookHandler[],
  handlers: Partial<Record<'GET' | 'HEAD' | 'POST' | 'DELETE', RouteHandlerMethod>>,
): void {
  const addHead = handlers.GET !== undefined && handlers.HEAD === undefined;
  for (const [method, handler] of Object.entries(handlers)) {
    const onRequest = method === 'GET' || method === 'HEAD' ? [] : [writers].flat();
    app.route({ method, url, handler, onRequest, exposeHeadRoute: addHead && method === 'GET' });
  }
  const allowed = [...Object.keys(handlers), ...(addHead ? ['HEAD'] : [])];
  refuseOthers(app, url, allowed.sort());
}

function refuseOthers(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  const method = app.supportedMethods.filter((name) => !allowed.includes(name)) as HTTPMethods[];
  const onRequest: onRequestHookHandler = (request, reply, done) => {
    reply.header('allow', allowed.join(', '));
    const advice = `${request.method} is not possible here; use ${allowed.join(', ')}`;
    done(new AdminError('METHOD_NOT_ALLOWED', advice));
  };
  // Never reached: the hook refuses before the body is read.
  app.route({ method, url, onRequest, handler: () => undefined });
}
