import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type BulkFormat, formatOf, SPEAKERS } from '../../bulk/index.ts';
import type { RefusalReason } from '../../node-api.ts';
import {
  batchItem,
  batchLine,
  type ExportQuery,
  exportQuery,
  haveAnswer,
  type ItemLine,
  idsBody,
  itemLine,
} from '../../schemas/index.ts';
import { lingerFor, received } from '../bodies.ts';
import { Batch, BodyChunks, MAX_IDS_BYTES, readIds, StreamedItems } from '../bulk/index.ts';
import { AdminError, READ_ERRORS } from '../errors.ts';
import { type Answer, type HandlerParts, json, type Operation, operation } from '../operation.ts';
import { NDJSON, reasonIn } from '../streaming.ts';

const BINARY = SPEAKERS.binary.mediaType;
const BYTES = 'application/octet-stream';
const JSON_TYPE = 'application/json';

/** Memory of a batch of short items: the groups under way, and the group that is read. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** A long item in JSON takes so many times its length while it is read: line, text, base64 and bytes. */
const JSON_COPIES = 4;
/** In its pieces, and whole. */
const BINARY_COPIES = 2;
/** Ids take so many times their bytes in the body: pieces, body, text, strings, and an object for each. */
const ID_COPIES = 6;

/** A stream of items in either format. */
const ITEMS: Answer<ItemLine> = {
  description: 'The items. The last line or record is the trailer, or an error',
  type: NDJSON,
  content: itemLine,
  others: { [BINARY]: 'bytes' },
};

/** `/v1/items/batch` and its like: streams of many items. */
export const bulkOperations: readonly Operation[] = [
  operation({
    id: 'putItems',
    method: 'POST',
    path: '/v1/items/batch',
    tag: 'items',
    access: 'write',
    summary: 'Stores many items',
    description:
      'The body is a stream of items, in lines of `hint` (none: the present time) and `payload` in base64, or in ' +
      'length-prefixed records. Answers come in order while the body is read, each once its item is on disk; ' +
      'an item that is refused does not stop the others. The last line is the trailer.',
    body: { stream: { [NDJSON]: batchItem, [BINARY]: 'bytes' } },
    answers: {
      200: {
        description: 'A line for each item, and the trailer',
        type: NDJSON,
        content: batchLine,
      },
    },
    errors: ['UNSUPPORTED_MEDIA_TYPE'],
    handle: ({ request, reply }, parts) => batch(request, reply, parts),
  }),
  operation({
    id: 'haveItems',
    method: 'POST',
    path: '/v1/items/have',
    tag: 'items',
    access: 'read',
    summary: 'Which of many items are held',
    description:
      'Up to 65,536 ids: `{"ids": [...]}`, answered in JSON, or 32 bytes each, answered by a bitmap: bit i of byte ' +
      '⌊i / 8⌋, lowest first.',
    body: { stream: { [JSON_TYPE]: idsBody, [BYTES]: 'bytes' } },
    answers: {
      200: { ...json(haveAnswer, 'Whether each id is held'), others: { [BYTES]: 'bytes' } },
    },
    errors: ['INVALID_BODY', 'BODY_TOO_LARGE', ...READ_ERRORS],
    handle: async ({ request, reply }, parts) => {
      const isJson = isJsonBody(request);
      await parts.reads.hold(reply, idBytes(request), received(reply));
      const ids = await readIds(bodyOf(request, parts), isJson);
      const have = await parts.node.bulk.have(ids);
      return isJson ? { have } : reply.type(BYTES).send(bitmap(have));
    },
  }),
  operation({
    id: 'getItems',
    method: 'POST',
    path: '/v1/items/get',
    tag: 'items',
    access: 'read',
    summary: 'Many items by their ids',
    description:
      'Up to 65,536 ids, as `haveItems` takes them. An id that is not held is told as missing. ' +
      `Accept: ${BINARY} asks for length-prefixed records.`,
    body: { stream: { [JSON_TYPE]: idsBody, [BYTES]: 'bytes' } },
    answers: { 200: ITEMS },
    errors: ['INVALID_BODY', 'BODY_TOO_LARGE', ...READ_ERRORS],
    handle: async ({ request, reply }, parts) => {
      const isJson = isJsonBody(request);
      const format = formatOf(request.headers.accept) ?? 'ndjson';
      const answer = await StreamedItems.begin(reply, parts, idBytes(request));
      const ids = await readIds(bodyOf(request, parts), isJson);
      const pages = parts.node.bulk.getMany(ids, answer.memory(parts));
      return answer.send(format, { pages, ids, refusalOf: itemReason(parts) });
    },
  }),
  operation({
    id: 'exportItems',
    method: 'GET',
    path: '/v1/export',
    tag: 'items',
    access: 'read',
    summary: 'All items of a range, as they are at one moment',
    description:
      'From hint `from` up to, but without, hint `to`. A header comes first. The trailer has the count and the ' +
      `fingerprint of the items: an export without it is cut. \`format\` or Accept chooses between NDJSON and ${BINARY}.`,
    query: exportQuery,
    answers: { 200: ITEMS },
    errors: ['INVALID_HINT', ...READ_ERRORS],
    handle: ({ query, request, reply }, parts) => exportRange(query, request, reply, parts),
    head: ({ query, request, reply }) =>
      reply.type(SPEAKERS[chosen(query, request)].mediaType).send(),
  }),
];

async function batch(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: HandlerParts,
): Promise<FastifyReply> {
  const format = formatOf(request.headers['content-type']);
  if (format === null) {
    const advice = `send the items as ${NDJSON} or ${BINARY}, and say which in Content-Type`;
    throw new AdminError('UNSUPPORTED_MEDIA_TYPE', advice);
  }
  const { maxItemBytes } = parts.limits;
  const copies = format === 'ndjson' ? JSON_COPIES : BINARY_COPIES;
  const body = bodyOf(request, parts);
  const sent = received(reply);
  let waits = false;
  // A client cannot send while its batch waits for memory, and is not slow then.
  const progress = () => (waits ? Number.POSITIVE_INFINITY : sent());
  await parts.bodies.hold(reply, BATCH_BYTES, progress);
  const batch = new Batch({
    next: () => body.next(),
    decoder: SPEAKERS[format].decoder({ maxItemBytes }),
    putMany: (items) => parts.node.bulk.putMany(items),
    makeRoom: async () => {
      // The batch holds a part of all there is already: it never asks for more than the rest.
      const rest = parts.bounds.bodyBytes - BATCH_BYTES;
      waits = true;
      await parts.bodies.hold(reply, Math.min(copies * maxItemBytes, rest), sent).finally(() => {
        waits = false;
      });
    },
    refusalOf: itemReason(parts),
  });
  async function* answers(): AsyncGenerator<Uint8Array> {
    yield* batch.run();
    await lingerFor(reply, parts.clock);
  }
  return reply.type(NDJSON).send(Readable.from(answers(), { objectMode: false }));
}

async function exportRange(
  query: ExportQuery,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: HandlerParts,
): Promise<FastifyReply> {
  const { from, to } = query;
  const answer = await StreamedItems.begin(reply, parts);
  const stream = parts.node.bulk.stream({ from, to });
  if (reply.raw.closed) stream.release();
  else reply.raw.once('close', stream.release);
  const { items, fingerprint } = stream;
  return answer.send(chosen(query, request), {
    header: { from: `${from}`, to: `${to}`, items },
    fingerprint,
    pages: stream.read(answer.memory(parts)),
    refusalOf: itemReason(parts),
  });
}

function chosen({ format }: ExportQuery, { headers }: FastifyRequest): BulkFormat {
  return format ?? formatOf(headers.accept) ?? 'ndjson';
}

function bodyOf({ raw }: FastifyRequest, { clock, bounds, closing }: HandlerParts): BodyChunks {
  return new BodyChunks(raw, { clock, silentMs: bounds.unreadMs, closing });
}

function isJsonBody({ headers }: FastifyRequest): boolean {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type === JSON_TYPE || type === BYTES) return type === JSON_TYPE;
  const advice = `send the ids as ${JSON_TYPE} or ${BYTES}, and say which in Content-Type`;
  throw new AdminError('UNSUPPORTED_MEDIA_TYPE', advice);
}

/** Memory for a list of ids, taken before any of it is read. */
function idBytes({ headers }: FastifyRequest): number {
  return ID_COPIES * Math.min(Number(headers['content-length'] ?? MAX_IDS_BYTES), MAX_IDS_BYTES);
}

/** The refusal of an item, or the end of a stream. */
function itemReason(parts: HandlerParts): (error: unknown) => RefusalReason {
  const limit = { code: 'ITEM_TOO_LARGE', bytes: parts.limits.maxItemBytes } as const;
  return reasonIn(parts, 'a stream of items failed', limit);
}

function bitmap(have: readonly boolean[]): Buffer {
  const bits = Buffer.alloc(Math.ceil(have.length / 8));
  for (const [at, held] of have.entries()) if (held) bits[at >> 3]! |= 1 << (at & 7);
  return bits;
}
