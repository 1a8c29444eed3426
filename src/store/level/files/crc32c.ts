import { type Crc, crcOf } from '../crc.ts';

/** CRC-32C, of the Castagnoli polynomial (RFC 3720, section 12.1). */
export const crc32c: Crc = /* @__PURE__ */ crcOf(0x82f63b78);

/** LevelDB stores sums masked, since a sum over bytes that hold sums is a weak one (util/crc32c.h). */
export function maskSum(sum: number): number {
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}
