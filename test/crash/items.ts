import type { NewItem } from '../../src/store/index.ts';

/** Item number `n`, always the same: every other hint goes up, the rest are scattered. */
export function numbered(n: number): NewItem {
  const scattered = BigInt.asUintN(40, BigInt(n) * 0x9e3779b97f4an);
  const payload = new Uint8Array(4 + ((n * 37) % 300)).fill(n);
  new DataView(payload.buffer).setUint32(0, n);
  return { hint: n % 2 === 0 ? BigInt(n) : scattered, payload };
}
