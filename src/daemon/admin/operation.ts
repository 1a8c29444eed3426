import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../../store/index.ts';
import type { NodeControl } from '../control-api.ts';
import type { ExplainedNode } from '../explain-api.ts';
import type { Logger } from '../logging.ts';
import type { OpenApiDocument } from '../schemas/index.ts';
import type { CallSlots } from './call-slots.ts';
import type { ErrorCode } from './errors.ts';
import type { AdminBounds } from './options.ts';
import type { PayloadMemory } from './payload-memory.ts';
import type { RequestPlaces } from './request-places.ts';

/** The metrics of a daemon as text. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

/** The parts that handlers work with. */
export interface HandlerParts {
  readonly node: ExplainedNode;
  readonly control: NodeControl;
  readonly limits: { readonly maxItemBytes: number };
  readonly bounds: AdminBounds;
  /** What `/metrics` answers. */
  readonly metrics: MetricsSource;
  /** The answer to a challenge of a client that must know which daemon this is. */
  readonly prove: (challenge: string) => string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The memory of long payloads on their way to clients. */
  readonly answers: PayloadMemory;
  /** The memory of long payloads on their way from clients. */
  readonly bodies: PayloadMemory;
  /** The memory of exports and of lists of ids. */
  readonly reads: PayloadMemory;
  /** Of the readers of the order of arrival. */
  readonly feeds: RequestPlaces;
  /** Ids of the operations under way that run one at a time. */
  readonly running: Set<string>;
  /** Bounds operations of which a few run at a time. */
  readonly slots: CallSlots;
  /** What `/openapi.json` answers. */
  readonly document: () => OpenApiDocument;
  /** Aborted when the endpoint closes. */
  readonly closing: AbortSignal;
}

/**
 * `open`: without a token anywhere, and beside all bounds. `read`: with the token where reads need it.
 * `write`: with the token.
 */
export type AccessLevel = 'open' | 'read' | 'write';

/** The content of a media type: a schema of the whole, or of a line of NDJSON; else text or bytes of any kind. */
export type Content<T = unknown> = z.ZodType<T> | 'text' | 'bytes';

/** An answer of an operation, as the document describes it. */
export interface Answer<T> {
  readonly description: string;
  /** @default 'application/json' */
  readonly type?: string;
  /** None with `empty` alone. */
  readonly content?: Content<T>;
  /** Answers of other media types, for clients that ask for those. @default none */
  readonly others?: Readonly<Record<string, Content>>;
  readonly empty?: boolean;
  /** Descriptions of headers by name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request whose parts have been checked. */
export interface OperationCall<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A body that its handler reads. */
export interface StreamedBody {
  /** By media type. */
  readonly stream: Readonly<Record<string, Content>>;
}

export interface OperationInit<P, Q, B, R> {
  /** The `operationId`, and the name of the client's method. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As fastify writes it: `/v1/items/:id`. */
  readonly path: string;
  readonly tag: 'health' | 'items' | 'mesh' | 'store' | 'control';
  readonly access: AccessLevel;
  /** A line. */
  readonly summary: string;
  readonly description: string;
  readonly params?: z.ZodType<P>;
  /** @default no parameters are taken */
  readonly query?: z.ZodType<Q>;
  /**
   * Of JSON; `bytes`: the body as it is, up to `limits.maxItemBytes`; `stream`: the handler reads the body
   * from the request as it comes, in as long as it takes.
   * @default no body is taken
   */
  readonly body?: z.ZodType<B> | 'bytes' | StreamedBody;
  readonly answers: Readonly<Record<number, Answer<R>>>;
  /** The codes of its own refusals; `document.ts` adds those that all operations have. */
  readonly errors: readonly ErrorCode[];
  /** Runs after the token was checked, before the body is read. */
  readonly before?: (parts: HandlerParts) => onRequestHookHandler;
  readonly handle: (call: OperationCall<P, Q, B>, parts: HandlerParts) => Handled<R>;
  /** Answers HEAD. @default the answer of GET, without its body */
  readonly head?: (call: OperationCall<P, Q, undefined>, parts: HandlerParts) => Handled<never>;
}

/** An answer to serialise, or a reply that was sent. */
export type Handled<R> = R | FastifyReply | Promise<R | FastifyReply>;

/** One call of the endpoint: all that routing, checks, document and tests need to know of it. */
export interface Operation
  extends Omit<OperationInit<unknown, unknown, unknown, unknown>, 'query'> {
  readonly query: z.ZodType;
}

/** Whether a body is JSON that a schema checks. */
export function isJsonSchema(body: Operation['body']): body is z.ZodType {
  return body instanceof z.ZodType;
}

/** Whether the handler reads the body as it comes. */
export function isStreamed({ body }: Pick<Operation, 'body'>): boolean {
  return typeof body === 'object' && 'stream' in body;
}

/** Declares an operation. The types of the handler come from its schemas. */
export function operation<P = unknown, Q = unknown, B = unknown, R = unknown>(
  init: OperationInit<P, Q, B, R>,
): Operation {
  return { query: NO_FIELDS, ...init } as Operation;
}

/** Of a query or a body that holds nothing. */
export const NO_FIELDS: z.ZodType<object> = z.strictObject({});

/** An answer in JSON. */
export function json<T>(schema: z.ZodType<T>, description: string): Answer<T> {
  return { content: schema, description };
}
