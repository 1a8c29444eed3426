import type { FastifyReply, FastifyRequest } from 'fastify';
import { ID_BYTES } from '../../store/index.ts';
import { SPEAKERS } from '../bulk/index.ts';
import type { RefusalReason } from '../node-api.ts';
import { AdminError, type BodyLimit, refusalOf } from './errors.ts';
import type { HandlerParts } from './operation.ts';

export const NDJSON: string = SPEAKERS.ndjson.mediaType;
export const EVENT_STREAM = 'text/event-stream';

/** Not worth an error in the log: a client may leave. */
export const GONE: AdminError = new AdminError(
  'REQUEST_TIMEOUT',
  'the client of this call is gone',
);

/** Whether the client asks for answers of this type. */
export function accepts({ headers }: FastifyRequest, type: string): boolean {
  return headers.accept?.includes(type) === true;
}

/** Aborted when the client is gone, or the endpoint closes. */
export function goneOf(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(GONE));
  if (reply.raw.closed) gone.abort(GONE);
  return AbortSignal.any([gone.signal, closing]);
}

/** A line of NDJSON; an empty line stands for no value. */
export function ndjsonLine(value: object | null): string {
  return value === null ? '\n' : `${JSON.stringify(value)}\n`;
}

/** Bytes of the id that `idText` writes. */
const ID = Buffer.alloc(ID_BYTES);

/**
 * An id in hexadecimal digits: Node makes them without a string for each byte. The id is copied, since Node would
 * make a buffer for it outside the heap.
 */
export function idText(id: Uint8Array): string {
  ID.set(id);
  return ID.toString('hex');
}

/** A server-sent event; a comment stands for no event. */
export function serverSent(event: { readonly id: string; readonly type: string } | null): string {
  if (event === null) return ': idle\n\n';
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

const NO_BODY: BodyLimit = { code: 'BODY_TOO_LARGE', bytes: 0 };

/** Tells an error in a stream whose head is out already. Errors of no known class are logged with `text`. */
export function reasonIn(
  { logger }: HandlerParts,
  text: string,
  limit: BodyLimit = NO_BODY,
): (error: unknown) => RefusalReason {
  return (error) => {
    const { status, code, message } = refusalOf(error, limit);
    if (status === 500) logger.error({ err: error, code }, text);
    return { code, message };
  };
}
