import { jsonFields } from '../parses.ts';
import { ClientError } from './errors.ts';
import { type ByteStream, cutShort } from './streams.ts';

/** The part of a response that the client reads; that of `fetch` has it. */
export interface FetchedAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: ByteStream | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** What the client gives `fetch`. */
export interface TransportInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly signal?: AbortSignal;
  /** The answer is for this caller alone, and the token is not sent elsewhere. */
  readonly redirect: 'error';
}

/** `fetch`, or a transport that acts like it. */
export type Transport = (url: string, init: TransportInit) => Promise<FetchedAnswer>;

/** How a client reaches its daemon. */
export interface AdminClientInit {
  /** Of the endpoint, without a path: `http://127.0.0.1:9464`. */
  url: string;
  /**
   * The bearer token.
   * @default none: calls that write are refused
   */
  token?: string | null | undefined;
  /**
   * The path under which calls lie; probes and the document lie beside it.
   * @default '/v1'
   */
  basePath?: string | undefined;
  /**
   * How calls are made.
   * @default `fetch`
   */
  fetch?: Transport | undefined;
}

/** What every method of the client takes. */
export interface CallInit {
  /** Ends the call, and the stream that it gave. */
  signal?: AbortSignal | undefined;
}

/** One call before it is made. */
export interface Request extends CallInit {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base path, or `/livez` and the like. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | bigint | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A payload, or a value that is sent as JSON. */
  readonly body?: Uint8Array | object | undefined;
}

/**
 * Resolves once the head of the answer is there. Rejects with `ClientError` for a refusal, and where nothing answers;
 * with the reason of the signal where that has aborted.
 */
export async function send(init: AdminClientInit, request: Request): Promise<FetchedAnswer> {
  const { token, fetch: transport = fetch as Transport } = init;
  const { method, body, signal } = request;
  checkToken(token);
  const isBytes = body instanceof Uint8Array;
  const type = isBytes ? 'application/octet-stream' : 'application/json';
  const answer = await reach(transport, urlOf(init, request), {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': type }),
      ...(typeof token === 'string' && { authorization: `Bearer ${token}` }),
      ...request.headers,
    },
    ...(body !== undefined && {
      body: isBytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    }),
    ...(signal !== undefined && { signal }),
    redirect: 'error',
  });
  if (answer.status >= 400) throw await refusal(answer);
  return answer;
}

/** `fetch` rejects with a bare `TypeError`, whose cause alone says more. */
async function reach(
  transport: Transport,
  url: string,
  init: TransportInit,
): Promise<FetchedAnswer> {
  try {
    return await transport(url, init);
  } catch (cause) {
    if (!(cause instanceof TypeError) || init.signal?.aborted === true) throw cause;
    const { message = cause.message } = Object(cause.cause);
    throw new ClientError(
      0,
      'ADMIN_UNREACHABLE',
      `no daemon answers at ${url.replace(/[?#].*$/, '')}: ${message || 'no connection'}; start it, or check the URL`,
      { cause },
    );
  }
}

/** `fetch` refuses such a header with a message that holds the whole token, or another secret file. */
function checkToken(token: string | null | undefined): void {
  if (typeof token !== 'string' || /^\s*[\x21-\x7e]*\s*$/.test(token)) return;
  const message = 'a token is one word of visible characters: give the content of admin.token';
  throw new ClientError(0, 'INVALID_TOKEN', message);
}

function urlOf({ url, basePath = '/v1' }: AdminClientInit, { path, query = {} }: Request): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, `${value}`]),
  ).toString();
  const whole = /^\/(?:livez|readyz|metrics|openapi\.json)?$/.test(path)
    ? path
    : `${basePath}${path}`;
  return `${url.replace(/\/+$/, '')}${whole}${search === '' ? '' : `?${search}`}`;
}

/** All bytes of an answer. Rejects with `ANSWER_CUT` where the connection breaks. */
export async function bytesOf(answer: FetchedAnswer): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    throw cutShort(cause);
  }
}

async function refusal(answer: FetchedAnswer): Promise<ClientError> {
  const { status } = answer;
  const text = new TextDecoder().decode(await bytesOf(answer));
  const { code, message } = jsonFields(text);
  if (typeof code === 'string' && typeof message === 'string') {
    return new ClientError(status, code, message);
  }
  return new ClientError(status, `HTTP_${status}`, `the answer is HTTP status ${status}`);
}
