import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { bytesToHex, type Clock, delay, type ItemKey } from '../../../store/index.ts';
import type { Node } from '../../node-api.ts';
import {
  type ItemPage,
  type ItemWhy,
  idParams,
  itemPage,
  itemWhy,
  type ListQuery,
  listQuery,
  type PutAnswer,
  putAnswer,
  putQuery,
} from '../../schemas/index.ts';
import { bodyMemory, plainPayload } from '../bodies.ts';
import { AdminError, READ_ERRORS } from '../errors.ts';
import { type Answer, type HandlerParts, json, type Operation, operation } from '../operation.ts';
import { LONG_BYTES } from '../payload-memory.ts';
import { findId, isWholeId } from './ids.ts';

const ITEM_HEADERS = {
  'rangemesh-hint': 'The hint of the item',
  etag: 'The id in quotes',
  location: 'The path of the item',
};
const { location, ...DESCRIBED } = ITEM_HEADERS;

/** An id names its bytes for ever, so a client that has them need not ask again. */
export const LASTING = 'private, max-age=31536000, immutable';

const stored = (description: string): Answer<PutAnswer> => ({
  ...json(putAnswer, description),
  headers: { location },
});

/** `/v1/items`: payloads in and out, and the keys in order. */
export const itemOperations: readonly Operation[] = [
  operation({
    id: 'listItems',
    method: 'GET',
    path: '/v1/items',
    tag: 'items',
    access: 'read',
    summary: 'The keys in order',
    description:
      'A page of keys from hint `from` up to, but without, hint `to`. `cursor` asks for the page behind it.',
    query: listQuery,
    answers: { 200: json(itemPage, 'A page of keys') },
    errors: ['INVALID_QUERY', 'INVALID_HINT', 'INVALID_CURSOR', ...READ_ERRORS, 'SNAPSHOT_EXPIRED'],
    handle: ({ query }, { node, clock }) => list(node, query, clock),
  }),
  operation({
    id: 'putItem',
    method: 'POST',
    path: '/v1/items',
    tag: 'items',
    access: 'write',
    summary: 'Stores an item',
    description:
      'The body is the payload. The item is on disk when the answer comes. Without `hint` the item gets the ' +
      'present time in milliseconds.',
    query: putQuery,
    body: 'bytes',
    answers: { 201: stored('The item is new'), 200: stored('The item was here already') },
    errors: [
      ...(['INVALID_QUERY', 'INVALID_HINT', 'ITEM_TOO_LARGE', 'OWN_SECRET', 'SET_FULL'] as const),
      ...(['TOO_MANY_ITEMS', 'DISK_FULL', 'STORE_WRITE_FAILED'] as const),
      ...READ_ERRORS,
    ],
    before: bodyMemory,
    handle: ({ query: { hint }, body, reply }, { node }) => put(node, hint, body, reply),
  }),
  operation({
    id: 'getItem',
    method: 'GET',
    path: '/v1/items/:id',
    tag: 'items',
    access: 'read',
    summary: 'The payload of an item',
    description:
      'The id may be given by its first 8 digits or more. HEAD tells hint and size. `If-None-Match` is obeyed. ' +
      '410: the item is kept out here, and may be let in again.',
    params: idParams,
    answers: {
      200: {
        description: 'The payload',
        type: 'application/octet-stream',
        content: 'bytes',
        headers: DESCRIBED,
      },
      304: { description: 'The client has it', empty: true, headers: DESCRIBED },
    },
    errors: ['INVALID_ID', 'NOT_FOUND', 'AMBIGUOUS_ID', 'ITEM_KEPT_OUT', ...READ_ERRORS],
    handle: ({ params, request, reply }, parts) =>
      get(params.id, request.headers['if-none-match'], reply, parts),
    head: ({ params, reply }, { node }) => head(params.id, reply, node),
  }),
  operation({
    id: 'whyItem',
    method: 'GET',
    path: '/v1/items/:id/why',
    tag: 'items',
    access: 'read',
    summary: 'Why an item is here or not',
    description:
      'The id may be given by its first 8 digits or more, also of an item that is wanted.',
    params: idParams,
    answers: { 200: json(itemWhy, 'Where the item is, or why it is not here') },
    errors: ['INVALID_ID', 'NOT_FOUND', 'AMBIGUOUS_ID', ...READ_ERRORS],
    handle: async ({ params, reply }, { node }): Promise<ItemWhy> => {
      const id = await find(params.id, node, reply, true);
      return { id: bytesToHex(id), ...(await node.why(id)) };
    },
  }),
];

function find(text: string, node: Node, reply: FastifyReply, wanted = false): Promise<Uint8Array> {
  if (!isWholeId(text)) reply.header('cache-control', 'no-cache');
  return findId(text, node, { wanted });
}

async function put(
  node: Node,
  hint: bigint | undefined,
  body: unknown,
  reply: FastifyReply,
): Promise<PutAnswer> {
  const result = await node.put(payloadOf(body), hint);
  const id = bytesToHex(result.id);
  reply.code(result.created ? 201 : 200).header('location', `/v1/items/${id}`);
  return { id, hint: `${result.hint}`, created: result.created };
}

/** A request without a body is a payload of no bytes. */
function payloadOf(body: unknown): Uint8Array {
  return Buffer.isBuffer(body) ? plainPayload(body) : new Uint8Array();
}

async function get(
  text: string,
  known: string | undefined,
  reply: FastifyReply,
  { node, answers }: HandlerParts,
): Promise<FastifyReply> {
  const id = await find(text, node, reply);
  if (matches(known, id)) return notModified(node, id, reply);
  const taken = new TakenPayload();
  await answers.hold(reply, held(await node.head(id), id, node).bytes, () => taken.bytes);
  const { hint, payload } = held(await node.get(id), id, node);
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  describe(reply, id, hint);
  if (bytes.length <= LONG_BYTES) return reply.send(bytes);
  reply.header('content-length', bytes.length);
  return reply.send(Readable.from(taken.pieces(bytes), { objectMode: false }));
}

/** How much of a long payload a client has taken: each piece follows when the one before has gone. */
class TakenPayload {
  bytes = 0;

  *pieces(payload: Buffer): Generator<Buffer> {
    for (; this.bytes < payload.length; this.bytes += LONG_BYTES) {
      yield payload.subarray(this.bytes, this.bytes + LONG_BYTES);
    }
  }
}

async function head(text: string, reply: FastifyReply, node: Node): Promise<FastifyReply> {
  const id = await find(text, node, reply);
  const { hint, bytes } = held(await node.head(id), id, node);
  return describe(reply, id, hint).header('content-length', bytes).send();
}

async function notModified(node: Node, id: Uint8Array, reply: FastifyReply): Promise<FastifyReply> {
  const { hint } = held(await node.head(id), id, node);
  return describe(reply, id, hint).removeHeader('content-type').code(304).send();
}

function held<T>(found: T | undefined, id: Uint8Array, node: Node): T {
  if (found !== undefined) return found;
  const refusal = node.refusal(id);
  if (refusal === null) {
    const message = `no item ${bytesToHex(id)} is held here; "rangemesh why" gives the reason`;
    throw new AdminError('NOT_FOUND', message);
  }
  const by = refusal.by === 'operator' ? 'an operator' : 'the policy';
  const why = refusal.reason === '' ? '' : ` (${refusal.reason})`;
  const message = `${by} keeps the item ${bytesToHex(id)} out${why}: rangemesh unrefuse lets it in`;
  throw new AdminError('ITEM_KEPT_OUT', message);
}

/** The first digits of an id may come to name several items. */
function describe(reply: FastifyReply, id: Uint8Array, hint: bigint): FastifyReply {
  const lasting = !reply.hasHeader('cache-control');
  if (lasting) reply.header('cache-control', LASTING);
  return reply
    .type('application/octet-stream')
    .header('rangemesh-hint', `${hint}`)
    .header('etag', `"${bytesToHex(id)}"`);
}

function matches(header: string | undefined, id: Uint8Array): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(`"${bytesToHex(id)}"`) || tags.includes('*');
}

async function list(node: Node, { after, ...range }: ListQuery, clock: Clock): Promise<ItemPage> {
  // One more than the page tells whether another page follows.
  const limit = range.limit + 1;
  const keys = await node.list({ ...range, limit, ...(after !== undefined && { after }) });
  const page = keys.slice(0, range.limit);
  const last = page.at(-1);
  return {
    items: await withSizes(node, page, clock),
    cursor: keys.length > page.length && last !== undefined ? formatCursor(last) : null,
  };
}

/** A place in the order, which clients carry from one answer to the next. */
export function formatCursor({ hint, id }: ItemKey): string {
  return `${hint}.${bytesToHex(id)}`;
}

/** Sizes read in one turn of the event loop. */
const TOGETHER = 64;

/** Keys as clients see them. `bytes` is null where the record of the size cannot be read. */
async function withSizes(
  node: Node,
  keys: readonly ItemKey[],
  clock: Clock,
): Promise<ItemPage['items']> {
  const items: ItemPage['items'][number][] = [];
  for (const { hint, id } of keys) {
    const found = await node.head(id).catch(() => undefined);
    items.push({ hint: `${hint}`, id: bytesToHex(id), bytes: found?.bytes ?? null });
    if (items.length % TOGETHER === 0) await delay(clock, 0);
  }
  return items;
}
