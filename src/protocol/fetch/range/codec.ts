import {
  type Bound,
  compareBounds,
  concatBytes,
  ID_BYTES,
  INFINITE_HINT,
  writeU64BE,
} from '../../../store/index.ts';
import { ByteReader } from '../../byte-reader.ts';
import { malformedAs, type ProtocolError } from '../../errors.ts';
import { encodeCount, MAX_COUNT_BYTES } from '../../varint.ts';
import { DIGEST_BYTES, MAX_STREAMED_BYTES, NONCE_BYTES } from './constants.ts';

/** First byte of a frame. */
export const TAG = { request: 0x01, items: 0x02, long: 0x03, end: 0x04 } as const;

/** Longest bound on the wire: hint, length, id. */
const MAX_BOUND_BYTES = 8 + 1 + ID_BYTES;

/** Longest request frame. */
export const MAX_REQUEST_BYTES: number = 1 + NONCE_BYTES + MAX_COUNT_BYTES + 2 * MAX_BOUND_BYTES;

/** The content of a request frame. */
export interface RangeQuery {
  /** 16 random bytes, so that no digest is of use in another request. */
  readonly nonce: Uint8Array;
  readonly lower: Bound;
  readonly upper: Bound;
  /** Longest payload to be sent; a longer item is named. At most `MAX_STREAMED_BYTES`. */
  readonly maxBytes: number;
}

/** The last frame of a part. */
export interface PartEnd {
  /** Keys of the part. */
  readonly count: number;
  /** See `PartDigest`. */
  readonly digest: Uint8Array;
  /** The parts so far hold all keys below it. */
  readonly end: Bound;
}

/** An item that is too long to be streamed. */
export interface LongItem {
  readonly id: Uint8Array;
  readonly hint: bigint;
  /** Payload bytes. */
  readonly length: number;
}

export const malformed: (problem: string) => ProtocolError = malformedAs('a frame of a range');

/** `01 | nonce | longest payload | lower bound | upper bound`. */
export function encodeRangeRequest({ nonce, lower, upper, maxBytes }: RangeQuery): Uint8Array {
  const head = [Uint8Array.of(TAG.request), nonce, encodeCount(maxBytes)];
  return concatBytes(...head, encodeBound(lower), encodeBound(upper));
}

/** The arrays are views on the frame. Throws `MALFORMED_FRAME`. */
export function decodeRangeRequest(frame: Uint8Array): RangeQuery {
  const reader = bodyOf(frame, TAG.request);
  const nonce = reader.take(NONCE_BYTES);
  const maxBytes = reader.number();
  if (maxBytes > MAX_STREAMED_BYTES) {
    throw malformed(`payloads of ${maxBytes} bytes are asked for, above ${MAX_STREAMED_BYTES}`);
  }
  const lower = readBound(reader);
  const upper = readBound(reader);
  atEnd(reader);
  if (compareBounds(lower, upper) < 0) return { nonce, lower, upper, maxBytes };
  throw malformed('the lower bound is not below the upper bound');
}

/** `03 | hint, 8 bytes big-endian | id | length`. */
export function encodeLong({ hint, id, length }: LongItem): Uint8Array {
  return concatBytes(Uint8Array.of(TAG.long), hintBytes(hint), id, encodeCount(length));
}

/** The id is a copy. Throws `MALFORMED_FRAME`. */
export function decodeLong(frame: Uint8Array): LongItem {
  const reader = bodyOf(frame, TAG.long);
  const hint = reader.u64();
  if (hint === INFINITE_HINT) throw malformed('an item carries the reserved hint 2^64-1');
  const id = reader.take(ID_BYTES).slice();
  const length = reader.number();
  atEnd(reader);
  return { hint, id, length };
}

/** `04 | count | digest, 16 bytes | bound`. */
export function encodeEnd({ count, digest, end }: PartEnd): Uint8Array {
  return concatBytes(Uint8Array.of(TAG.end), encodeCount(count), digest, encodeBound(end));
}

/** The arrays are copies. Throws `MALFORMED_FRAME`. */
export function decodeEnd(frame: Uint8Array): PartEnd {
  const reader = bodyOf(frame, TAG.end);
  const count = reader.number();
  const digest = reader.take(DIGEST_BYTES).slice();
  const end = readBound(reader);
  atEnd(reader);
  return { count, digest, end };
}

function bodyOf(frame: Uint8Array, tag: number): ByteReader {
  if (frame[0] !== tag) throw malformed(`it begins with ${frame[0] ?? 'nothing'}, not ${tag}`);
  return new ByteReader({ bytes: frame.subarray(1), malformed, truncated: 'it is cut off' });
}

function atEnd({ remaining }: ByteReader): void {
  if (remaining > 0) throw malformed(`${remaining} bytes follow its end`);
}

/** `hint, 8 bytes big-endian | length of the id | its bytes`; no id: length 0. */
function encodeBound({ hint, id }: Bound): Uint8Array {
  const bytes = id ?? new Uint8Array(0);
  return concatBytes(hintBytes(hint), Uint8Array.of(bytes.length), bytes);
}

function readBound(reader: ByteReader): Bound {
  const hint = reader.u64();
  const length = reader.byte();
  if (length > ID_BYTES) throw malformed(`a bound has ${length} bytes of an id`);
  if (length > 0 && hint === INFINITE_HINT) throw malformed('a bound lies above infinity');
  return { hint, id: length === 0 ? null : reader.take(length).slice() };
}

function hintBytes(hint: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64BE(bytes, 0, hint);
  return bytes;
}
