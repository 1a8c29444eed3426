import { ProtocolError } from './errors.ts';

/** Longest varint of ours: a count, a length or a number below 2^35. */
export const MAX_VARINT_BYTES = 5;

/** Unsigned LEB128 of a whole number below 2^35. */
export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** The number at `begin` and where it ends. Throws `MALFORMED_FRAME` unless it is a shortest one. */
export function decodeVarint(frame: Uint8Array, begin: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = frame[begin + i];
    if (byte === undefined) throw malformed('a frame ends in the middle of a number');
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    if (byte === 0 && i > 0) throw malformed('a number is not a shortest varint');
    return { value, end: begin + i + 1 };
  }
  throw malformed(`a number has more than ${MAX_VARINT_BYTES} bytes`);
}

function malformed(message: string): ProtocolError {
  return new ProtocolError('MALFORMED_FRAME', message);
}
