import { writeBase128 } from '../../../../store/index.ts';
import { MAX_VARINT_BYTES, varintBytes } from '../../../varint.ts';

/** Digits of seven bits that a double holds exactly. */
const SAFE_DIGITS = 7;
const SAFE_LIMIT = 2 ** 49;
const U64 = 2n ** 64n;

/**
 * Writes `value`, 0 <= value < 2^64, in base 128, the most significant digit first, the high bit on
 * every byte but the last. Returns the next offset.
 */
export function writeVarint(out: Uint8Array, offset: number, value: bigint): number {
  if (value < SAFE_LIMIT) return writeBase128(out, offset, Number(value));
  const end = offset + varintBytes(value);
  let rest = value;
  for (let at = end - 1; at >= offset; at--) {
    out[at] = Number(rest & 127n) | (at === end - 1 ? 0 : 128);
    rest >>= 7n;
  }
  return end;
}

/**
 * Reads a u64 of minimal length, byte by byte from `next`. Returns what is wrong with it as a
 * sentence where it is longer than need be or does not fit.
 */
export function readVarint(next: () => number): bigint | string {
  let value = 0;
  for (let digits = 1; digits <= SAFE_DIGITS; digits++) {
    const byte = next();
    if (byte === 128 && digits === 1) return 'a varint has a leading zero: it is not minimal';
    value = value * 128 + (byte & 127);
    if (byte < 128) return BigInt(value);
  }
  return readLong(BigInt(value), next);
}

function readLong(high: bigint, next: () => number): bigint | string {
  let value = high;
  for (let digits = SAFE_DIGITS; digits < MAX_VARINT_BYTES; digits++) {
    const byte = next();
    value = (value << 7n) | BigInt(byte & 127);
    if (byte < 128) return value < U64 ? value : 'a varint does not fit into 64 bits';
  }
  return 'a varint does not fit into 64 bits';
}
