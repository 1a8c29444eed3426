import { ID_BYTES, INFINITE_HINT, type Item, readU64BE, writeU64BE } from '../../store/index.ts';
import { malformed, ProtocolError } from '../errors.ts';
import { decodeCount, encodeCount, MAX_COUNT_BYTES } from '../varint.ts';
import { CHUNK_BYTES } from './constants.ts';

/** First byte of a frame: what it is. */
export const TAG = { request: 0x01, absent: 0x02, item: 0x03, chunk: 0x04, large: 0x05 } as const;

const HINT_BYTES = 8;
const ITEM_HEADER_BYTES = 1 + ID_BYTES + HINT_BYTES;

/** Longest frame of an answer. */
export const MAX_ANSWER_BYTES: number = ITEM_HEADER_BYTES + MAX_COUNT_BYTES + CHUNK_BYTES;

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
  /** More of the item that began. */
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array };

/** What one request frame asks for. */
export interface ItemQuery {
  readonly ids: readonly Uint8Array[];
  /** Longest payload to be sent; of a longer one only the length is wanted. */
  readonly maxBytes: number;
}

/** Longest request frame with `ids` ids. */
export function requestFrameBytes(ids: number): number {
  return 1 + 2 * MAX_COUNT_BYTES + ids * ID_BYTES;
}

/** `01 | longest payload | count | ids`. */
export function encodeRequest({ ids, maxBytes }: ItemQuery): Uint8Array {
  const head = [...encodeCount(maxBytes), ...encodeCount(ids.length)];
  const frame = new Uint8Array(1 + head.length + ids.length * ID_BYTES);
  frame[0] = TAG.request;
  frame.set(head, 1);
  for (const [i, id] of ids.entries()) frame.set(id, 1 + head.length + i * ID_BYTES);
  return frame;
}

/** A request frame; the ids are views on it. Throws `MALFORMED_FRAME` or `BUDGET_SPENT`. */
export function decodeRequest(frame: Uint8Array, limits: { maxIds: number }): ItemQuery {
  if (frame[0] !== TAG.request) throw malformed(`a request begins with 01, not ${hex(frame[0])}`);
  const { value: maxBytes, end: begin } = decodeCount(frame, 1);
  const { value: count, end } = decodeCount(frame, begin);
  if (count === 0) throw malformed('a request asks for nothing');
  if (count > limits.maxIds) {
    throw new ProtocolError(
      'BUDGET_SPENT',
      `a request frame asks for ${count} ids; ${limits.maxIds} are accepted`,
    );
  }
  if (frame.length !== end + count * ID_BYTES) {
    throw malformed(`a request for ${count} ids has ${frame.length} bytes`);
  }
  const ids = Array.from({ length: count }, (_, i) =>
    frame.subarray(end + i * ID_BYTES, end + (i + 1) * ID_BYTES),
  );
  return { ids, maxBytes };
}

/** `02 | id`. */
export function encodeAbsent(id: Uint8Array): Uint8Array {
  const frame = new Uint8Array(1 + ID_BYTES);
  frame[0] = TAG.absent;
  frame.set(id, 1);
  return frame;
}

/** `05 | id | length`. */
export function encodeLarge(id: Uint8Array, length: number): Uint8Array {
  const varint = encodeCount(length);
  const frame = new Uint8Array(1 + ID_BYTES + varint.length);
  frame[0] = TAG.large;
  frame.set(id, 1);
  frame.set(varint, 1 + ID_BYTES);
  return frame;
}

/** `03 | id | hint, 8 bytes big-endian | length | first bytes`; `encodeChunks` gives the rest. */
export function encodeItem(item: Item): Uint8Array {
  const { payload } = item;
  const length = encodeCount(payload.length);
  const first = payload.subarray(0, CHUNK_BYTES);
  const frame = new Uint8Array(ITEM_HEADER_BYTES + length.length + first.length);
  frame[0] = TAG.item;
  frame.set(item.id, 1);
  writeU64BE(frame, 1 + ID_BYTES, item.hint);
  frame.set(length, ITEM_HEADER_BYTES);
  frame.set(first, ITEM_HEADER_BYTES + length.length);
  return frame;
}

/** `04 | bytes`, until the payload is complete. */
export function* encodeChunks(payload: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = CHUNK_BYTES; at < payload.length; at += CHUNK_BYTES) {
    const bytes = payload.subarray(at, at + CHUNK_BYTES);
    const chunk = new Uint8Array(1 + bytes.length);
    chunk[0] = TAG.chunk;
    chunk.set(bytes, 1);
    yield chunk;
  }
}

/** An answer frame; its arrays are views on it. Throws `MALFORMED_FRAME` or `ITEM_TOO_LARGE`. */
export function decodeAnswer(frame: Uint8Array, limits: { maxItemBytes: number }): FetchAnswer {
  switch (frame[0]) {
    case TAG.absent:
      if (frame.length !== 1 + ID_BYTES) throw malformed('"not here" carries one id of 32 bytes');
      return { kind: 'absent', id: frame.subarray(1) };
    case TAG.item:
      return decodeItem(frame, limits);
    case TAG.chunk:
      if (frame.length < 2 || frame.length > 1 + CHUNK_BYTES) {
        throw malformed(`a chunk carries 1 to ${CHUNK_BYTES} bytes, not ${frame.length - 1}`);
      }
      return { kind: 'chunk', bytes: frame.subarray(1) };
    case TAG.large:
      return decodeLarge(frame);
    default:
      throw malformed(`an answer begins with 02, 03, 04 or 05, not ${hex(frame[0])}`);
  }
}

function decodeLarge(frame: Uint8Array): FetchAnswer {
  const { value: length, end } = decodeCount(frame, 1 + ID_BYTES);
  if (end !== frame.length) throw malformed('"too long" carries an id and a length');
  return { kind: 'large', id: frame.subarray(1, 1 + ID_BYTES), length };
}

function decodeItem(frame: Uint8Array, limits: { maxItemBytes: number }): FetchAnswer {
  if (frame.length <= ITEM_HEADER_BYTES) throw malformed('an item frame ends in its header');
  const id = frame.subarray(1, 1 + ID_BYTES);
  const hint = readU64BE(frame, 1 + ID_BYTES);
  if (hint === INFINITE_HINT) throw malformed('an item carries the reserved hint 2^64-1');
  const { value: length, end } = decodeCount(frame, ITEM_HEADER_BYTES);
  if (length > limits.maxItemBytes) {
    throw new ProtocolError(
      'ITEM_TOO_LARGE',
      `an item has ${length} bytes; ${limits.maxItemBytes} are accepted (limits.maxItemBytes)`,
    );
  }
  const first = frame.subarray(end);
  if (first.length > Math.min(length, CHUNK_BYTES)) {
    throw malformed('an item frame carries more bytes than it may');
  }
  return { kind: 'item', id, hint, length, first };
}

function hex(byte: number | undefined): string {
  return byte === undefined ? 'nothing' : byte.toString(16).padStart(2, '0');
}
