import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, onRequestHookHandler } from 'fastify';
import { bytesToHex, type Clock, delay, type ItemKey } from '../../store/index.ts';
import type { Node } from '../node-api.ts';
import { bodyMemory } from './bodies.ts';
import { endpoint, plain, type RoutesInit } from './endpoint.ts';
import { AdminError } from './errors.ts';
import { findId, isWholeId } from './ids.ts';
import { LONG_BYTES, PayloadMemory } from './payload-memory.ts';
import { formatCursor, readListQuery, readPutQuery } from './query.ts';

const UNREAD = new AdminError(
  'BUSY',
  'answers that other clients have not read take up the memory for payloads; try again in a minute',
);

/** `/v1/items`: payloads in and out, and the keys in order. */
export function itemRoutes(app: FastifyInstance, init: RoutesInit): void {
  const { node, limits, writers } = init;
  const { clock, bounds } = init;
  const memory = new PayloadMemory({ clock, bounds, totalBytes: bounds.answerBytes, full: UNREAD });
  const bodies = bodyMemory(init) as onRequestHookHandler;
  // A payload is opaque: its bytes are taken as they come, of any content type.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: limits.maxItemBytes },
    (_request, body, done) => done(null, body),
  );
  endpoint(app, '/v1/items', [writers, bodies], {
    GET: ({ query }) => list(node, query, clock),
    POST: ({ query, body }, reply) => put(node, query, body, reply),
  });
  const find = (params: unknown, reply: FastifyReply, wanted = false) => {
    const { id } = params as { id: string };
    if (!isWholeId(id)) reply.header('cache-control', 'no-cache');
    return findId(id, node, { wanted });
  };
  endpoint(app, '/v1/items/:id', writers, {
    GET: plain(async ({ params, headers }, reply) => {
      const id = await find(params, reply);
      if (matches(headers['if-none-match'], id)) return notModified(node, id, reply);
      const taken = new TakenPayload();
      await memory.hold(reply, held(await node.head(id), id).bytes, () => taken.bytes);
      return get(node, id, reply, taken);
    }),
    HEAD: plain(async ({ params }, reply) => head(node, await find(params, reply), reply)),
  });
  endpoint(app, '/v1/items/:id/why', writers, {
    GET: plain(async ({ params }, reply) => {
      const id = await find(params, reply, true);
      return { id: bytesToHex(id), ...(await node.why(id)) };
    }),
  });
}

async function put(node: Node, query: unknown, body: unknown, reply: FastifyReply) {
  const hint = readPutQuery(query);
  const result = await node.put(payloadOf(body), hint);
  const id = bytesToHex(result.id);
  reply.code(result.created ? 201 : 200).header('location', `/v1/items/${id}`);
  return { id, hint: `${result.hint}`, created: result.created };
}

/** A request without a body is a payload of no bytes. */
function payloadOf(body: unknown): Uint8Array {
  if (!(body instanceof Uint8Array)) return new Uint8Array();
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

async function get(node: Node, id: Uint8Array, reply: FastifyReply, taken: TakenPayload) {
  const { hint, payload } = held(await node.get(id), id);
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

async function head(node: Node, id: Uint8Array, reply: FastifyReply) {
  const { hint, bytes } = held(await node.head(id), id);
  return describe(reply, id, hint).header('content-length', bytes).send();
}

async function notModified(node: Node, id: Uint8Array, reply: FastifyReply) {
  const { hint } = held(await node.head(id), id);
  return describe(reply, id, hint).removeHeader('content-type').code(304).send();
}

function held<T>(found: T | undefined, id: Uint8Array): T {
  if (found !== undefined) return found;
  throw new AdminError('NOT_FOUND', `no item ${bytesToHex(id)} is held here`);
}

/**
 * An id names its bytes for ever, so a client that has them need not ask again. Its first digits alone may
 * come to name several items.
 */
function describe(reply: FastifyReply, id: Uint8Array, hint: bigint): FastifyReply {
  const lasting = !reply.hasHeader('cache-control');
  if (lasting) reply.header('cache-control', 'private, max-age=31536000, immutable');
  return reply
    .type('application/octet-stream')
    .header('rangemesh-hint', `${hint}`)
    .header('etag', `"${bytesToHex(id)}"`);
}

function matches(header: string | undefined, id: Uint8Array): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(`"${bytesToHex(id)}"`) || tags.includes('*');
}

async function list(node: Node, query: unknown, clock: Clock) {
  const init = readListQuery(query);
  // One more than the page tells whether another page follows.
  const keys = await node.list({ ...init, limit: init.limit + 1 });
  const page = keys.slice(0, init.limit);
  const last = page.at(-1);
  return {
    items: await withSizes(node, page, clock),
    cursor: keys.length > page.length && last !== undefined ? formatCursor(last) : null,
  };
}

/** Sizes read in one turn of the event loop. */
const TOGETHER = 64;

/** Keys as clients see them. `bytes` is null where the record of the size cannot be read. */
async function withSizes(node: Node, keys: readonly ItemKey[], clock: Clock) {
  const items: { hint: string; id: string; bytes: number | null }[] = [];
  for (const { hint, id } of keys) {
    const found = await node.head(id).catch(() => undefined);
    items.push({ hint: `${hint}`, id: bytesToHex(id), bytes: found?.bytes ?? null });
    if (items.length % TOGETHER === 0) await delay(clock, 0);
  }
  return items;
}
