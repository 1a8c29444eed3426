import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { bytesToHex, type Clock, type Item, type PutResult } from '../../../store/index.ts';
import type { BulkItems, Node } from '../../node-api.ts';
import { type BodyDeadlines, plainPayload } from '../bodies.ts';
import { LONG_BYTES } from '../payload-memory.ts';
import type { RequestsUnderWay } from '../request-places.ts';
import { LASTING } from '../routes/index.ts';
import { JSON_TYPE, SAFE_HEADERS } from '../servers.ts';
import { type PlainPut, plainGet, plainPut } from './plain.ts';
import { PutGroup } from './put-group.ts';

export interface HotInit {
  node: Pick<Node, 'put' | 'get'> & { readonly bulk: Pick<BulkItems, 'putMany'> };
  limits: { readonly maxItemBytes: number };
  clock: Clock;
  closing: AbortSignal;
  underWay: RequestsUnderWay;
  deadlines: BodyDeadlines;
  /** Milliseconds without progress after which an answer counts as unread. */
  unreadMs: number;
  /** Whether the caller is heard at once. */
  passes: (request: IncomingMessage, access: 'read' | 'write') => boolean;
  /** Where the framework finds why a call failed, to answer it. */
  failures: WeakMap<IncomingMessage, HotFailure>;
  /** See `AdminInit`. */
  asked?: (() => void) | undefined;
  /** Hears of each answer; `ms` is how long it took. */
  answered: (request: IncomingMessage, route: string, status: number, ms: number) => void;
}

/** A call that failed. */
export interface HotFailure {
  readonly error: unknown;
  /** By the monotonic clock. */
  readonly begunAt: number;
}

const PUT_ROUTE = '/v1/items';
const GET_ROUTE = '/v1/items/:id';
/** A shorter payload is copied behind the head: one write costs less than two. */
const COPIED_BYTES = 4_096;
const SAFE = Object.entries(SAFE_HEADERS).flat();

interface HotExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: string;
  readonly begunAt: number;
  /** The framework answers it. */
  handedOver: boolean;
}

/** Serves plain puts and gets of short items. */
export class HotItems {
  readonly #init: HotInit;
  readonly #framework: RequestListener;
  readonly #maxBytes: number;
  readonly #puts: PutGroup;

  constructor(init: HotInit, framework: RequestListener) {
    this.#init = init;
    this.#framework = framework;
    this.#maxBytes = Math.min(LONG_BYTES, init.limits.maxItemBytes);
    this.#puts = new PutGroup(init);
  }

  readonly listener: RequestListener = (request, response) => {
    if (!this.#serves(request, response)) this.#framework(request, response);
  };

  /** Whether it serves the request. If not, the request is as it was. */
  #serves(request: IncomingMessage, response: ServerResponse): boolean {
    const { closing, underWay } = this.#init;
    if (closing.aborted || underWay.full) return false;
    if (request.method === 'POST') return this.#servesPut(request, response);
    if (request.method === 'GET') return this.#servesGet(request, response);
    return false;
  }

  #servesPut(request: IncomingMessage, response: ServerResponse): boolean {
    const put = plainPut(request, this.#maxBytes);
    if (put === null || !this.#init.passes(request, 'write')) return false;
    this.#takePayload(this.#begin(request, response, PUT_ROUTE), put);
    return true;
  }

  #servesGet(request: IncomingMessage, response: ServerResponse): boolean {
    const id = plainGet(request);
    if (id === null || !this.#init.passes(request, 'read')) return false;
    const exchange = this.#begin(request, response, GET_ROUTE);
    this.#init.node.get(id, { maxBytes: LONG_BYTES }).then(
      (item) => (item ? this.#answerItem(exchange, item) : this.#handOver(exchange, null)),
      (error) => this.#fail(exchange, error),
    );
    return true;
  }

  #begin(request: IncomingMessage, response: ServerResponse, route: string): HotExchange {
    const { clock, underWay, deadlines, answered, asked } = this.#init;
    const { socket } = request;
    asked?.();
    const exchange = { request, response, route, begunAt: clock.monotonic(), handedOver: false };
    underWay.begin(socket);
    response.on('close', () => {
      if (exchange.handedOver) return;
      underWay.end(socket);
      if (request.complete) deadlines.complete(request);
      else deadlines.answered(request);
      if (!response.writableFinished) return;
      answered(request, route, response.statusCode, clock.monotonic() - exchange.begunAt);
    });
    return exchange;
  }

  /** Puts the payload once all of it is here. */
  #takePayload(exchange: HotExchange, { hint, bytes }: PlainPut): void {
    const { deadlines } = this.#init;
    const { request } = exchange;
    const chunks: Buffer[] = [];
    let missing = bytes;
    deadlines.add(request);
    request.on('data', (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing > 0) {
        chunks.push(chunk);
        return;
      }
      deadlines.complete(request);
      const body = chunks.length === 0 ? chunk : Buffer.concat([...chunks, chunk]);
      this.#put(exchange, plainPayload(body), hint);
    });
  }

  #put(exchange: HotExchange, payload: Uint8Array, hint: bigint | undefined): void {
    this.#puts.add({
      payload,
      hint,
      stored: (result) => this.#answerPut(exchange, result),
      failed: (error) => this.#fail(exchange, error),
    });
  }

  #answerPut(exchange: HotExchange, { id, hint, created }: PutResult): void {
    const name = bytesToHex(id);
    const body = `{"id":"${name}","hint":"${hint}","created":${created}}`;
    const headers = [...SAFE];
    headers.push('location', `/v1/items/${name}`, 'content-type', JSON_TYPE);
    this.#answer(exchange, created ? 201 : 200, headers, body);
  }

  #answerItem(exchange: HotExchange, { hint, id, payload }: Item): void {
    const headers = [...SAFE];
    headers.push('cache-control', LASTING, 'content-type', 'application/octet-stream');
    headers.push('rangemesh-hint', `${hint}`, 'etag', `"${bytesToHex(id)}"`);
    this.#answer(exchange, 200, headers, payload);
  }

  #answer(
    { request, response }: HotExchange,
    status: number,
    headers: string[],
    body: string | Uint8Array,
  ): void {
    if (response.closed) return;
    const { socket } = request;
    headers.push('content-length', `${body.length}`);
    response.writeHead(status, headers);
    const text = typeof body === 'string' ? body : shortText(body);
    if (text === null) response.end(body);
    else response.end(text, 'latin1');
    // Node keeps the answer back while an earlier request of the connection has none.
    const isOut = response.socket !== null && socket.writableLength === 0;
    if (!isOut) socket.setTimeout(this.#init.unreadMs);
  }

  #fail(exchange: HotExchange, error: unknown): void {
    this.#handOver(exchange, { error, begunAt: exchange.begunAt });
  }

  #handOver(exchange: HotExchange, failure: HotFailure | null): void {
    const { request, response } = exchange;
    // The place of a closed request was given back.
    if (response.closed) {
      if (failure === null) return;
    } else this.#init.underWay.end(request.socket);
    exchange.handedOver = true;
    if (failure !== null) this.#init.failures.set(request, failure);
    this.#framework(request, response);
  }
}

/** The bytes as text in latin1, if they are few. */
function shortText({ buffer, byteOffset, length }: Uint8Array): string | null {
  return length > COPIED_BYTES ? null : Buffer.from(buffer, byteOffset, length).toString('latin1');
}
