/** A checksum over bytes. For bytes that come in pieces, `before` is the sum of those before them. */
export type Crc = (bytes: Uint8Array, before?: number) => number;

/** Eight tables of 256 entries: the k-th gives what a byte does k bytes later. */
function tablesOf(polynomial: number): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    made[byte] = value;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256]!;
    made[at] = (before >>> 8) ^ made[before & 255]!;
  }
  return made;
}

/** The CRC of 32 bits with this polynomial, its bits reversed: eight bytes at a time ("slicing by 8"). */
export function crcOf(polynomial: number): Crc {
  const tables = tablesOf(polynomial);
  return (bytes, before = 0) => {
    let sum = ~before;
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      const low =
        sum ^
        (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      sum =
        tables[0x700 | (low & 255)]! ^
        tables[0x600 | ((low >>> 8) & 255)]! ^
        tables[0x500 | ((low >>> 16) & 255)]! ^
        tables[0x400 | (low >>> 24)]! ^
        tables[0x300 | bytes[at + 4]!]! ^
        tables[0x200 | bytes[at + 5]!]! ^
        tables[0x100 | bytes[at + 6]!]! ^
        tables[bytes[at + 7]!]!;
    }
    for (; at < bytes.length; at++) sum = (sum >>> 8) ^ tables[(sum ^ bytes[at]!) & 255]!;
    return ~sum >>> 0;
  };
}
