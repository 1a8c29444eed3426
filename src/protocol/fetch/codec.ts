import { bytesToKey, concatBytes, ID_BYTES, INFINITE_HINT, type Item } from '../../store/index.ts';
import { ByteReader } from '../byte-reader.ts';
import { malformed, ProtocolError } from '../errors.ts';
import { encodeCount, encodeU64, MAX_COUNT_BYTES } from '../varint.ts';
import { CHUNK_BYTES } from './constants.ts';

/** First byte of a frame. */
export const TAG = { request: 0x01, absent: 0x02, item: 0x03, chunk: 0x04, large: 0x05 } as const;

const HINT_BYTES = 8;

/** Longest frame of an answer. */
export const MAX_ANSWER_BYTES: number = 1 + ID_BYTES + HINT_BYTES + MAX_COUNT_BYTES + CHUNK_BYTES;

export type FetchAnswer =
  /** "I don't have it." */
  | { readonly kind: 'absent'; readonly id: Uint8Array }
  /** "It is longer than you asked for": a payload of `length` bytes. */
  | { readonly kind: 'large'; readonly id: Uint8Array; readonly length: number }
  /** An item begins; `first` are the first bytes of its payload of `length` bytes. */
  | {
      readonly kind: 'item';
      readonly id: Uint8Array;
      readonly hint: bigint;
      readonly length: number;
      readonly first: Uint8Array;
    }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array };

/** The content of a request frame. */
export interface ItemQuery {
  readonly ids: readonly Uint8Array[];
  /** Longest payload to be sent; the answer for a longer one is its length. */
  readonly maxBytes: number;
}

/** Longest request frame with `ids` ids. */
export function requestFrameBytes(ids: number): number {
  return 1 + 2 * MAX_COUNT_BYTES + ids * ID_BYTES;
}

/** `01 | longest payload | count | ids`. */
export function encodeRequest({ ids, maxBytes }: ItemQuery): Uint8Array {
  const head = [Uint8Array.of(TAG.request), encodeCount(maxBytes), encodeCount(ids.length)];
  return concatBytes(...head, ...ids);
}

/** A request frame; the ids are views on it, each once. Throws `MALFORMED_FRAME` or `BUDGET_SPENT`. */
export function decodeRequest(frame: Uint8Array, limits: { maxIds: number }): ItemQuery {
  if (frame[0] !== TAG.request) throw malformed(`a request begins with 01, not ${hex(frame[0])}`);
  const reader = bodyOf(frame);
  const maxBytes = reader.number();
  const count = reader.number();
  if (count === 0) throw malformed('a request asks for nothing');
  if (count > limits.maxIds) {
    throw new ProtocolError(
      'BUDGET_SPENT',
      `a request frame asks for ${count} ids; ${limits.maxIds} are accepted`,
    );
  }
  if (reader.remaining !== count * ID_BYTES) {
    throw malformed(`a request for ${count} ids has ${frame.length} bytes`);
  }
  const ids = Array.from({ length: count }, () => reader.take(ID_BYTES));
  if (new Set(ids.map(bytesToKey)).size < count) throw malformed('a request repeats an id');
  return { ids, maxBytes };
}

/** `02 | id`. */
export function encodeAbsent(id: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(TAG.absent), id);
}

/** `05 | id | length`. */
export function encodeLarge(id: Uint8Array, length: number): Uint8Array {
  return concatBytes(Uint8Array.of(TAG.large), id, encodeCount(length));
}

/** `03 | id | hint, 8 bytes big-endian | length | first bytes`; `encodeChunks` gives the rest. */
export function encodeItem({ id, hint, payload }: Item): Uint8Array {
  const head = [Uint8Array.of(TAG.item), id, encodeU64(hint), encodeCount(payload.length)];
  return concatBytes(...head, payload.subarray(0, CHUNK_BYTES));
}

/** `04 | bytes`, until the payload is complete. */
export function* encodeChunks(payload: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = CHUNK_BYTES; at < payload.length; at += CHUNK_BYTES) {
    yield concatBytes(Uint8Array.of(TAG.chunk), payload.subarray(at, at + CHUNK_BYTES));
  }
}

/** An answer frame; its arrays are views on it. Throws `MALFORMED_FRAME` or `ITEM_TOO_LARGE`. */
export function decodeAnswer(frame: Uint8Array, limits: { maxItemBytes: number }): FetchAnswer {
  const body = bodyOf(frame);
  switch (frame[0]) {
    case TAG.absent:
      return atEnd(body, { kind: 'absent', id: body.take(ID_BYTES) });
    case TAG.item:
      return decodeItem(body, limits);
    case TAG.chunk:
      if (body.remaining === 0 || body.remaining > CHUNK_BYTES) {
        throw malformed(`a chunk carries 1 to ${CHUNK_BYTES} bytes, not ${body.remaining}`);
      }
      return { kind: 'chunk', bytes: body.take(body.remaining) };
    case TAG.large:
      return atEnd(body, { kind: 'large', id: body.take(ID_BYTES), length: body.number() });
    default:
      throw malformed(`an answer begins with 02, 03, 04 or 05, not ${hex(frame[0])}`);
  }
}

function bodyOf(frame: Uint8Array): ByteReader {
  return new ByteReader({ bytes: frame.subarray(1), malformed, truncated: 'a frame is cut off' });
}

function atEnd(body: ByteReader, answer: FetchAnswer): FetchAnswer {
  if (body.remaining === 0) return answer;
  throw malformed(`${body.remaining} bytes follow an answer of the kind "${answer.kind}"`);
}

function decodeItem(body: ByteReader, { maxItemBytes }: { maxItemBytes: number }): FetchAnswer {
  const id = body.take(ID_BYTES);
  const hint = body.u64();
  if (hint === INFINITE_HINT) throw malformed('an item carries the reserved hint 2^64-1');
  const length = body.number();
  if (length > maxItemBytes) {
    throw new ProtocolError(
      'ITEM_TOO_LARGE',
      `an item has ${length} bytes; ${maxItemBytes} are accepted (limits.maxItemBytes)`,
    );
  }
  if (body.remaining > Math.min(length, CHUNK_BYTES)) {
    throw malformed('an item frame carries more bytes than it may');
  }
  return { kind: 'item', id, hint, length, first: body.take(body.remaining) };
}

function hex(byte: number | undefined): string {
  return byte === undefined ? 'nothing' : byte.toString(16).padStart(2, '0');
}
