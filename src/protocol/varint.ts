import { writeU64BE } from '../store/index.ts';

/** Bytes of the longest u64 varint. */
export const MAX_VARINT_BYTES = 10;

/** Groups of seven bits that a double holds exactly. */
const SAFE_GROUPS = 7;
const SAFE_BITS = 49n;
const SAFE_LIMIT = 2 ** 49;
/** Below it a number is exact. */
const SAFE_INTEGERS = 2n ** 53n;

/** Bytes that `value`, 0 <= value < 2^64, takes as LEB128. */
export function varintBytes(value: bigint): number {
  if (value < SAFE_INTEGERS) return countBytes(Number(value));
  let bytes = 1;
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) bytes++;
  return bytes;
}

/** Writes `value`, 0 <= value < 2^64, as LEB128 (low seven bits first); returns the next offset. */
export function writeVarint(out: Uint8Array, offset: number, value: bigint): number {
  // Each step of a bigint would be an object of its own.
  if (value < SAFE_INTEGERS) return writeCount(out, offset, Number(value));
  let at = offset;
  let rest = value;
  for (; rest > 127n; rest >>= 7n) out[at++] = Number(rest & 127n) | 128;
  out[at++] = Number(rest);
  return at;
}

/**
 * Reads a canonical LEB128 u64, byte by byte from `next`. Returns the problem as a sentence if it is
 * not canonical or does not fit.
 */
export function readVarint(next: () => number): bigint | string {
  let low = 0;
  let high = 0;
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = next();
    const bits = byte & 127;
    if (index < SAFE_GROUPS) low += bits * 128 ** index;
    else high += bits * 128 ** (index - SAFE_GROUPS);
    if (byte > 127) continue;
    if (byte === 0 && index > 0) return 'a varint ends in a zero byte: it is not canonical';
    if (index === MAX_VARINT_BYTES - 1 && byte > 1) break;
    return high === 0 && low < SAFE_LIMIT ? BigInt(low) : BigInt(low) + (BigInt(high) << SAFE_BITS);
  }
  return 'a varint does not fit into 64 bits';
}

/** Longest varint of a count, a length or a number below 2^35. */
export const MAX_COUNT_BYTES = 5;

/** Bytes that `value`, a whole number below 2^53, takes as LEB128. */
export function countBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** `writeVarint` of a whole number below 2^53. */
export function writeCount(out: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 128;
  out[at++] = rest;
  return at;
}

/** `writeCount` into an array of its own. */
export function encodeCount(value: number): Uint8Array {
  const bytes = new Uint8Array(countBytes(value));
  writeCount(bytes, 0, value);
  return bytes;
}

/** 8 bytes, big-endian. */
export function encodeU64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64BE(bytes, 0, value);
  return bytes;
}
