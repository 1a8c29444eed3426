import { blake3, writeU64LE } from '../../store/index.ts';

export const ROOT_BYTES = 16;

/** The unkeyed root: a hint for choosing sources, and for skipping what is probably equal. */
export function rootHint(state: Uint8Array, count: number): Uint8Array {
  return blake3.hash(state, u64(count)).slice(0, ROOT_BYTES);
}

/** 8 bytes, little-endian, as hashes take counts. */
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64LE(bytes, 0, BigInt(value));
  return bytes;
}
