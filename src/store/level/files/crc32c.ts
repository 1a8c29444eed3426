/** The Castagnoli polynomial, its bits reversed (RFC 3720, section 12.1). */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256 entries: the k-th gives what a byte does k bytes later. */
const TABLES = tables();

function tables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    made[byte] = value;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256]!;
    made[at] = (before >>> 8) ^ made[before & 255]!;
  }
  return made;
}

/**
 * CRC-32C of bytes, eight at a time ("slicing by 8"). For bytes that come in pieces, `before` is the sum
 * of those before them.
 */
export function crc32c(bytes: Uint8Array, before: number = 0): number {
  let sum = ~before;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    const low =
      sum ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    sum =
      TABLES[0x700 | (low & 255)]! ^
      TABLES[0x600 | ((low >>> 8) & 255)]! ^
      TABLES[0x500 | ((low >>> 16) & 255)]! ^
      TABLES[0x400 | (low >>> 24)]! ^
      TABLES[0x300 | bytes[at + 4]!]! ^
      TABLES[0x200 | bytes[at + 5]!]! ^
      TABLES[0x100 | bytes[at + 6]!]! ^
      TABLES[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) sum = (sum >>> 8) ^ TABLES[(sum ^ bytes[at]!) & 255]!;
  return ~sum >>> 0;
}

/** LevelDB stores sums masked, since a sum over bytes that hold sums is a weak one (util/crc32c.h). */
export function maskSum(sum: number): number {
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}
