// SHA-256 (FIPS 180-4) of messages that fit into one block: the fingerprints of Negentropy.
// Lines that begin with //! are replaced by unrolled rounds before compilation: scripts/rounds.ts.

import { BLOCK, HASH, WINDOW } from './layout';

/** Bytes of a block before the length of the message, the last eight. */
const LENGTH_AT: usize = 56;

/** Hashes the first `bytes` bytes of WINDOW, 55 at the most, and leaves the hash in HASH. */
export function sha256(bytes: i32): void {
  const end = WINDOW + <usize>bytes;
  store<u8>(end, 0x80);
  memory.fill(end + 1, 0, WINDOW + LENGTH_AT - end - 1);
  turn(BLOCK, WINDOW);
  turn(BLOCK + 16, WINDOW + 16);
  turn(BLOCK + 32, WINDOW + 32);
  turn(BLOCK + 48, WINDOW + 48);
  store<u64>(BLOCK + LENGTH_AT, <u64>bytes << 35);
  //! sha256 from=BLOCK to=HASH
  turn(HASH, HASH);
  turn(HASH + 16, HASH + 16);
}

/** Copies four words, and turns the bytes of each around: SHA-256 is big-endian. */
// @ts-ignore: a decorator of AssemblyScript's
@inline
function turn(to: usize, from: usize): void {
  v128.store(to, i8x16.swizzle(v128.load(from), i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)));
}
