import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FeedResetError } from '../../../store/index.ts';
import { type ChangesQuery, changesLine, changesQuery } from '../../schemas/index.ts';
import { AdminError, READ_ERRORS } from '../errors.ts';
import { feedEvents, feedLines, firstPage, type PayloadSource } from '../feed/index.ts';
import { type HandlerParts, type Operation, operation } from '../operation.ts';
import { accepts, EVENT_STREAM, goneOf, NDJSON, reasonIn } from '../streaming.ts';

/** In the log. */
const FAILED = 'reading the order of arrival failed';
const EPOCH_HEADER = 'rangemesh-epoch';

/** `/v1/changes`: the order in which items arrived. */
export const changesOperations: readonly Operation[] = [
  operation({
    id: 'listChanges',
    method: 'GET',
    path: '/v1/changes',
    tag: 'items',
    access: 'read',
    summary: 'Items in their order of arrival',
    description:
      'The items that came behind the place `since`, up to the last place at the beginning of the answer: a ' +
      'header, an entry a line, and a trailer with the place to go on from. An answer without the trailer is ' +
      `cut. \`wait\` waits for an item if there is none. With Accept: ${EVENT_STREAM} the answer goes on as ` +
      'server-sent events, which Last-Event-ID resumes; a new epoch is then an event `reset`.',
    query: changesQuery,
    answers: {
      200: {
        description: 'Lines of JSON, or server-sent events',
        type: NDJSON,
        content: changesLine,
        others: { [EVENT_STREAM]: 'text' },
        headers: { [EPOCH_HEADER]: 'The running epoch; also beside 410 FEED_RESET' },
      },
    },
    errors: [...(['INVALID_CURSOR', 'FEED_RESET', 'SINCE_ABOVE_LAST'] as const), ...READ_ERRORS],
    handle: ({ query, request, reply }, parts) =>
      accepts(request, EVENT_STREAM)
        ? sendEvents(query, request, reply, parts)
        : sendLines(query, reply, parts),
    head: ({ request, reply }) => describe(reply, accepts(request, EVENT_STREAM)).send(),
  }),
];

function describe(reply: FastifyReply, events: boolean): FastifyReply {
  return reply
    .header('cache-control', 'no-store')
    .header('vary', 'Accept')
    .type(`${events ? EVENT_STREAM : NDJSON}; charset=utf-8`);
}

async function sendLines(
  { since, epoch, limit, payloads, waitMs }: ChangesQuery,
  reply: FastifyReply,
  parts: HandlerParts,
): Promise<FastifyReply> {
  const { node, clock, feeds, closing } = parts;
  const { feed } = node;
  feeds.take(reply);
  const signal = goneOf(reply, closing);
  const asked = { since, epoch, limit };
  const first = await firstPage({ feed, clock, signal, waitMs, ...asked }).catch((error) => {
    if (error instanceof FeedResetError) reply.header(EPOCH_HEADER, error.epoch);
    throw error;
  });
  if (closing.aborted) reply.header('connection', 'close');
  const lines = feedLines({
    feed,
    since,
    first,
    limit: limit ?? Number.POSITIVE_INFINITY,
    source: payloads ? payloadsFor(reply, parts) : null,
    signal,
    refusalOf: reasonIn(parts, FAILED),
  });
  return send(reply.header(EPOCH_HEADER, first.epoch), false, lines);
}

async function sendEvents(
  query: ChangesQuery,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: HandlerParts,
): Promise<FastifyReply> {
  const { node, clock, feeds, closing } = parts;
  const { feed } = node;
  if (query.limit !== undefined || query.waitMs > 0) {
    const message = `leave out "limit" and "wait" with Accept: ${EVENT_STREAM}: events go on without an end`;
    throw new AdminError('INVALID_QUERY', message);
  }
  feeds.take(reply);
  const { payloads } = query;
  const { since, epoch } = resumed(request.headers['last-event-id']) ?? query;
  const signal = goneOf(reply, closing);
  // The place is checked now; a place of another epoch is an event.
  const first = await firstPage({ feed, clock, signal, waitMs: 0, since, epoch }).catch((error) => {
    if (error instanceof FeedResetError && epoch !== undefined) return { epoch };
    throw error;
  });
  const events = feedEvents({
    feed,
    clock,
    since,
    epoch: first.epoch,
    source: payloads ? payloadsFor(reply, parts) : null,
    signal,
    refusalOf: reasonIn(parts, FAILED),
  });
  // The connection serves nothing else, and an endpoint that closes need not wait for it.
  return send(reply.header('connection', 'close'), true, events);
}

function send(reply: FastifyReply, events: boolean, texts: AsyncGenerator<string>): FastifyReply {
  return describe(reply, events).send(Readable.from(texts, { objectMode: false }));
}

/** The place in `Last-Event-ID`, if there is such a header. Browsers send it when they connect again. */
function resumed(header: string | string[] | undefined) {
  if (header === undefined) return undefined;
  const [, epoch, seq] = /^([0-9a-f]{16})-(\d{1,16})$/.exec(String(header)) ?? [];
  const since = Number(seq);
  if (epoch !== undefined && Number.isSafeInteger(since)) return { epoch, since };
  const message = 'give the id of the last event unchanged as Last-Event-ID, or leave it out';
  throw new AdminError('INVALID_CURSOR', message);
}

function payloadsFor(reply: FastifyReply, { node, answers }: HandlerParts): PayloadSource {
  const { socket } = reply.raw;
  return {
    get: (id) => node.get(id),
    hold: (bytes) => answers.hold(reply, bytes, () => socket?.bytesWritten ?? 0),
  };
}
