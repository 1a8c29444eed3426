import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';

/** The one module for bytes. Everything is a `Uint8Array`; nothing here knows Node's Buffer. */
export { bytesToHex, concatBytes, hexToBytes };

/** Bytewise order: negative when `a` sorts first, 0 when equal. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function readU64LE(bytes: Uint8Array, offset: number): bigint {
  return viewOf(bytes).getBigUint64(offset, true);
}

export function readU64BE(bytes: Uint8Array, offset: number): bigint {
  return viewOf(bytes).getBigUint64(offset, false);
}

export function writeU64LE(bytes: Uint8Array, offset: number, value: bigint): void {
  viewOf(bytes).setBigUint64(offset, value, true);
}

export function writeU64BE(bytes: Uint8Array, offset: number, value: bigint): void {
  viewOf(bytes).setBigUint64(offset, value, false);
}

export function readU32BE(bytes: Uint8Array, offset: number): number {
  return viewOf(bytes).getUint32(offset, false);
}

export function writeU32BE(bytes: Uint8Array, offset: number, value: number): void {
  viewOf(bytes).setUint32(offset, value, false);
}

/**
 * Bytes as a string of as many UTF-16 units, one a byte: the quickest key for a Map. Two strings are
 * equal exactly when the bytes are; they also sort alike.
 */
export function bytesToKey(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

export function keyToBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i);
  return bytes;
}
