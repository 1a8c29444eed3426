import { ClientError } from './errors.ts';
import { readLines } from './lines.ts';

/** A body as it comes: a web stream, or what Node has. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** A server-sent event. */
export interface ServerSentEvent {
  /** Its type. @default 'message' */
  readonly event: string;
  /** The id of this event, or of the last one that had an id: what `Last-Event-ID` resumes from. */
  readonly id: string;
  readonly data: string;
}

/** Longest line or event that the readers take if the caller gives no bound: 32 MiB. */
export const MAX_LINE_BYTES: number = 32 * 1024 * 1024;

/**
 * The values of newline-delimited JSON, one line held at a time. Throws `ClientError` `LINE_TOO_LONG` or
 * `INVALID_ANSWER`. Leaving the loop cancels the stream.
 */
export async function* lines<T>(
  stream: ByteStream,
  maxLineBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<T> {
  for await (const text of texts(stream, maxLineBytes)) {
    if (text !== '') yield parseJson<T>(text);
  }
}

/** The events of an event stream, as `lines` gives values. `maxEventBytes` bounds all data of an event. */
export async function* events(
  stream: ByteStream,
  maxEventBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<ServerSentEvent> {
  let [event, id, length] = ['', '', 0];
  let data: string[] = [];
  for await (const line of texts(stream, maxEventBytes)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', id, data: data.join('\n') };
      [event, data, length] = ['', [], 0];
      continue;
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') event = value;
    else if (field === 'id') id = value;
    else if (field === 'data') {
      length += value.length;
      if (length > maxEventBytes) throw tooLong(maxEventBytes);
      data.push(value);
    }
  }
}

async function* texts(stream: ByteStream, maxBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const { bytes } of readLines(chunksOf(stream), maxBytes)) {
    if (bytes === null) throw tooLong(maxBytes);
    yield decoder.decode(bytes);
  }
}

/** Not every browser iterates over web streams. */
export async function* chunksOf(stream: ByteStream): AsyncGenerator<Uint8Array> {
  if (!('getReader' in stream)) {
    yield* stream;
    return;
  }
  const reader = stream.getReader();
  const read = () =>
    reader.read().catch((cause) => {
      throw cutShort(cause);
    });
  try {
    for (let next = await read(); !next.done; next = await read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The bodies of `fetch` reject with a bare `TypeError` where the connection breaks. Other errors stay as they are. */
export function cutShort(cause: unknown): unknown {
  if (!(cause instanceof TypeError)) return cause;
  const message = 'the connection broke before the end of the answer: call again';
  return new ClientError(200, 'ANSWER_CUT', message, { cause });
}

/** The value of a JSON text; throws `ClientError` `INVALID_ANSWER`. */
export function parseJson<T>(text: string): T {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = 'the answer is not that of a rangemesh daemon: is it the right URL?';
    throw new ClientError(200, 'INVALID_ANSWER', message, { cause });
  }
}

function tooLong(maxBytes: number): ClientError {
  return new ClientError(
    200,
    'LINE_TOO_LONG',
    `a line is longer than ${maxBytes} bytes: raise the bound`,
  );
}
