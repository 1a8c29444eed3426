import { bytesToHex } from '../../../src/store/index.ts';

export const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);

export const numbered = (n: number): Uint8Array => {
  const bytes = id(0);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
};

export const hex = (ids: Iterable<Uint8Array>): string[] => [...ids].map(bytesToHex);
