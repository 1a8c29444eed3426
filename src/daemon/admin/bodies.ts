import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, onRequestAsyncHookHandler } from 'fastify';
import type { Clock } from '../../store/index.ts';
import { parseBody } from './input.ts';
import type { HandlerParts } from './operation.ts';

/** JSON and nothing else; a body of no bytes counts as none, of any content type. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') return done(null, undefined);
    try {
      done(null, parseBody(body as string));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** A payload is opaque: its bytes are taken as they come, of any content type. */
export function readBytes(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
    done(null, body),
  );
}

/** The handler reads the body from the request. */
export function leaveBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

/** How long the rest of a body is read that is of no use any more. */
const LINGER_MS = 2_000;

/**
 * Reads and drops the rest of a body: closing on a sender that still writes can lose our answer. A sender that
 * goes on is cut.
 */
export function lingerFor(request: IncomingMessage, clock: Clock): Promise<void> {
  if (request.complete) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(LINGER_MS, resolve);
  request.once('end', resolve).once('close', resolve).once('error', resolve).resume();
  return promise.finally(cancel);
}

/** Has a payload that a client sends wait for memory before any of it is read. */
export function bodyMemory({ limits, bodies }: HandlerParts): onRequestAsyncHookHandler {
  return async ({ headers }, reply) => {
    if (headers['transfer-encoding'] === undefined && headers['content-length'] === undefined)
      return;
    // In chunks it may have any length. A longer one is refused unread.
    const bytes = Number(headers['content-length'] ?? limits.maxItemBytes);
    if (bytes > limits.maxItemBytes) return;
    await bodies.hold(reply, bytes, received(reply));
  };
}

/** Bytes that a client has sent; once all are here, it has no part in how long the rest takes. */
export function received({ request: { raw } }: FastifyReply): () => number {
  return () => (raw.complete ? Number.POSITIVE_INFINITY : raw.socket.bytesRead);
}
