import { METHODS } from 'node:http';
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
  onRequestHookHandler,
  RouteHandlerMethod,
} from 'fastify';
import { leaveBodies, readBytes, readJsonBodies } from './bodies.ts';
import { AdminError } from './errors.ts';
import { readInput } from './input.ts';
import {
  type HandlerParts,
  isJsonSchema,
  isStreamed,
  NO_FIELDS,
  type Operation,
  type OperationCall,
} from './operation.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation that the route serves, or the first of its path. */
    operation?: Operation;
  }

  interface FastifyRequest {
    /** That of its route, once the bounds were checked: `routeOptions` makes an object for each look. */
    operation: Operation | undefined;
  }
}

/** Teaches the server every method that Node can parse: none of them may look like a wrong path. */
export function knowAllMethods(app: FastifyInstance): void {
  for (const method of METHODS) {
    if (method === 'CONNECT' || app.supportedMethods.includes(method as HTTPMethods)) continue;
    app.addHttpMethod(method, { hasBody: true });
  }
}

/** Serves the operations: each path with its methods, HEAD beside GET, and 405 for every other method. */
export function serve(
  app: FastifyInstance,
  operations: readonly Operation[],
  parts: HandlerParts,
  writers: onRequestHookHandler,
): void {
  for (const [path, group] of Map.groupBy(operations, ({ path }) => path)) {
    app.register(async (scope) => {
      if (group.some(({ body }) => body === 'bytes')) readBytes(scope, parts.limits.maxItemBytes);
      else if (group.some(isStreamed)) leaveBodies(scope);
      else readJsonBodies(scope);
      for (const operation of group) add(scope, operation, parts, writers);
      refuseOthers(scope, path, group);
    });
  }
}

function add(
  app: FastifyInstance,
  operation: Operation,
  parts: HandlerParts,
  writers: onRequestHookHandler,
): void {
  const { method, path: url, access, before, head } = operation;
  const config = { operation };
  // The token is checked before the body is read.
  const onRequest = access === 'write' ? [writers] : [];
  if (before !== undefined) onRequest.push(before(parts));
  const handler: RouteHandlerMethod = (request, reply) =>
    operation.handle(read(operation, request, reply), parts);
  app.route({ method, url, config, onRequest, handler, exposeHeadRoute: head === undefined });
  if (head === undefined) return;
  const answerHead: RouteHandlerMethod = (request, reply) =>
    head({ ...read(operation, request, reply), body: undefined }, parts);
  app.route({ method: 'HEAD', url, config, handler: answerHead });
}

/** Fastify's own validation passes null for an absent body, and drops what comes of it. */
function read(
  { params, query, body }: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): OperationCall<unknown, unknown, unknown> {
  return {
    params: params && readInput(params, request.params, 'path'),
    query: readInput(query, request.query, 'query'),
    body:
      body === undefined || isJsonSchema(body)
        ? readInput(body ?? NO_FIELDS, bodyIn(request), 'body')
        : request.body,
    request,
    reply,
  };
}

/** Without a body all fields are left out; the JSON value null is a body, and is refused. */
function bodyIn({ body, headers }: FastifyRequest): unknown {
  if (body === undefined) return {};
  const wasSent =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
  return body === null && !wasSent ? {} : body;
}

function refuseOthers(app: FastifyInstance, url: string, group: readonly Operation[]): void {
  const methods = group.map(({ method }) => method);
  const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort();
  const method = app.supportedMethods.filter((name) => !allowed.includes(name)) as HTTPMethods[];
  const onRequest: onRequestHookHandler = (request, reply, done) => {
    reply.header('allow', allowed.join(', '));
    const advice = `${request.method} is not possible here; use ${allowed.join(', ')}`;
    done(new AdminError('METHOD_NOT_ALLOWED', advice));
  };
  const config = { operation: group[0]! };
  // Never reached: the hook refuses before the body is read.
  app.route({ method, url, config, onRequest, handler: () => undefined });
}
