import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { Alarm, type Clock } from '../../store/index.ts';
import { parseBody } from './input.ts';
import type { HandlerParts } from './operation.ts';
import { LONG_BYTES } from './payload-memory.ts';

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

/** The bytes of a payload, without the methods of Node's Buffers. */
export function plainPayload(body: Uint8Array): Uint8Array {
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

/** How long the rest of a body is read that is of no use any more. */
const LINGER_MS = 2_000;

/**
 * Reads and drops the rest of a body before an answer ends: closing on a sender that still writes can lose it. A
 * sender that goes on is cut once it has the answer.
 */
export async function lingerFor(reply: FastifyReply, clock: Clock): Promise<void> {
  const request = reply.request.raw;
  if (request.complete) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(LINGER_MS, resolve);
  request.once('end', resolve).once('close', resolve).once('error', resolve).resume();
  await promise;
  cancel();
  if (!request.complete) reply.raw.once('finish', () => request.socket.destroySoon());
}

/** Has a payload that a client sends wait for memory before any of it is read. */
export function bodyMemory({ limits, bodies }: HandlerParts): onRequestHookHandler {
  return (request, reply, done) => {
    // In chunks it may have any length. A longer one is refused unread.
    const bytes = hasBody(request)
      ? Number(request.headers['content-length'] ?? limits.maxItemBytes)
      : 0;
    if (bytes <= LONG_BYTES || bytes > limits.maxItemBytes) return done();
    bodies.hold(reply, bytes, received(reply)).then(() => done(), done);
  };
}

/** Whether a request says that a body follows, which may be of no bytes. */
export function hasBody({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
}

export interface BodyDeadlinesInit {
  clock: Clock;
  /** Milliseconds for a body to arrive. */
  bodyMs: number;
  /** Called with each request whose body has not come in time. */
  late: (request: IncomingMessage) => void;
}

/** The requests whose bodies must arrive in time. They share a timer: one for each costs more than the rest. */
export class BodyDeadlines {
  readonly #init: BodyDeadlinesInit;
  readonly #alarm: Alarm;
  /** When each request began, the oldest first. */
  readonly #begun = new Map<IncomingMessage, number>();

  constructor(init: BodyDeadlinesInit) {
    this.#init = init;
    this.#alarm = new Alarm(init.clock);
  }

  add(request: IncomingMessage): void {
    const { clock, bodyMs } = this.#init;
    this.#begun.set(request, clock.monotonic());
    this.#alarm.ensure(bodyMs, this.#look);
  }

  /**
   * The request was answered, maybe unread: then its body may still be on its way. Node forgets such a request, and
   * the end of its connection does not close it.
   */
  answered(request: IncomingMessage): void {
    const { socket } = request;
    const over = () => {
      this.#begun.delete(request);
      socket.off('close', over);
    };
    if (request.closed || request.complete) over();
    else {
      socket.once('close', over);
      request.once('close', over);
    }
  }

  /** The body is there. */
  complete(request: IncomingMessage): void {
    this.#begun.delete(request);
  }

  stop(): void {
    this.#alarm.cancel();
  }

  readonly #look = (): void => {
    const { clock, bodyMs, late } = this.#init;
    const now = clock.monotonic();
    for (const [request, begun] of this.#begun) {
      const leftMs = begun + bodyMs - now;
      if (leftMs > 0) {
        this.#alarm.set(leftMs, this.#look);
        return;
      }
      this.#begun.delete(request);
      if (!request.complete) late(request);
    }
  };
}

/** Bytes that a client has sent; once all are here, it has no part in how long the rest takes. */
export function received({ request: { raw } }: FastifyReply): () => number {
  return () => (raw.complete ? Number.POSITIVE_INFINITY : raw.socket.bytesRead);
}
