import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';

/** The one module for bytes. Everything is a `Uint8Array`; nothing here knows Node's Buffer. */
export { bytesToHex, concatBytes, hexToBytes };

/**
 * Bytes that go out, as the platform takes them: sockets, `fetch`, `Blob` and Web Crypto refuse arrays that
 * may lie in shared memory. Bytes that come in are any `Uint8Array`.
 */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Bytewise order: negative when `a` sorts first, 0 when equal. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether both have the same bytes. Not for secrets: it ends at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Shared, because a view for each number would cost more than its conversion. */
const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);

export function readU64LE(bytes: Uint8Array, offset: number): bigint {
  fillScratch(bytes, offset, 8);
  return scratchView.getBigUint64(0, true);
}

/** The big-endian u64 at `offset`. Throws a RangeError past the end. */
export function readU64BE(bytes: Uint8Array, offset: number): bigint {
  fillScratch(bytes, offset, 8);
  return scratchView.getBigUint64(0, false);
}

export function readU32BE(bytes: Uint8Array, offset: number): number {
  fillScratch(bytes, offset, 4);
  return scratchView.getUint32(0, false);
}

function fillScratch(bytes: Uint8Array, offset: number, length: number): void {
  if (offset < 0 || offset + length > bytes.length) {
    throw new RangeError(`${length} bytes at ${offset} of ${bytes.length}`);
  }
  for (let i = 0; i < length; i++) scratch[i] = bytes[offset + i]!;
}

/** Writes a little-endian u64 at `offset`. */
export function writeU64LE(bytes: Uint8Array, offset: number, value: bigint): void {
  scratchView.setBigUint64(0, value, true);
  bytes.set(scratch, offset);
}

/** Writes a big-endian u64 at `offset`. */
export function writeU64BE(bytes: Uint8Array, offset: number, value: bigint): void {
  scratchView.setBigUint64(0, value, false);
  bytes.set(scratch, offset);
}

export function writeU32BE(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** Bytes as a string, a UTF-16 unit a byte: the quickest key for a Map. Strings sort as the bytes do. */
export function bytesToKey(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** The bytes of a string that `bytesToKey` made. */
export function keyToBytes(key: string): Bytes {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i);
  return bytes;
}

const POOL_BYTES = 16 * 1024;
let pool = new ArrayBuffer(0);
let taken = 0;

/**
 * A short array of zeros for the database. V8 moves arrays of up to 64 bytes out of its heap when native
 * code reads them, at ten times the cost of making them. Hundreds of these share one buffer, so do not
 * keep them for long.
 */
export function pooledBytes(length: number): Uint8Array {
  if (taken + length > pool.byteLength) {
    pool = new ArrayBuffer(Math.max(length, POOL_BYTES));
    taken = 0;
  }
  taken += length;
  return new Uint8Array(pool, taken - length, length);
}

/**
 * Writes `value`, a whole number below 2^53, in base 128, the most significant digit first, the high bit
 * on every byte but the last. Returns the next offset.
 */
export function writeBase128(out: Uint8Array, offset: number, value: number): number {
  let unit = 1;
  while (value >= unit * 128) unit *= 128;
  let at = offset;
  for (let rest = value; unit > 1; unit /= 128) {
    out[at++] = Math.floor(rest / unit) | 128;
    rest %= unit;
  }
  out[at++] = value % 128;
  return at;
}
