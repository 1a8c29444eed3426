// The inner loops of the native dialect (docs/protocol-native.md): short ids by SipHash-1-3, and coded
// symbols over them. The readable twin is src/store/coding/reference.ts.
// Lines that begin with //! are replaced by unrolled rounds before compilation: scripts/rounds.ts.

import { BUCKETS, CELLS, SHORT, SIP_KEY, WINDOW } from './layout';

const ID_BYTES: usize = 32;

/** Writes the short ids of the first `count` ids in WINDOW to SHORT, 8 bytes each. */
export function shortIds(count: i32): void {
  const k0 = load<u64>(SIP_KEY);
  const k1 = load<u64>(SIP_KEY, 8);
  let id = WINDOW;
  let to = SHORT;
  // Two ids at a time: the chain of one leaves half of the processor idle. SHORT has room for the odd one.
  for (let i = 0; i < count; i += 2) {
    let v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d;
    let v2 = k0 ^ 0x6c7967656e657261, v3 = k1 ^ 0x7465646279746573;
    let w0 = v0, w1 = v1, w2 = v2, w3 = v3;
    for (let word = 0; word < 4; word++) {
      const m = load<u64>(id), n = load<u64>(id, ID_BYTES);
      v3 ^= m; w3 ^= n;
      //! sip
      v0 ^= m; w0 ^= n;
      id += 8;
    }
    v3 ^= 0x2000000000000000; w3 ^= 0x2000000000000000;
    //! sip
    v0 ^= 0x2000000000000000; w0 ^= 0x2000000000000000;
    v2 ^= 0xff; w2 ^= 0xff;
    //! sip
    //! sip
    //! sip
    storeShort(to, v0 ^ v1 ^ v2 ^ v3);
    storeShort(to + 8, w0 ^ w1 ^ w2 ^ w3);
    id += ID_BYTES;
    to += 16;
  }
}

function storeShort(to: usize, hash: u64): void {
  store<u64>(to, (hash & 0xffffffffffff0000) | checkOf(<u32>(hash >> 32), <u32>hash >> 16));
}

/** The low 16 bits of a short id, which its other bits decide. */
function checkOf(high: u32, middle: u32): u32 {
  return (((middle + 0x9e37) * 0x85ebca6b) ^ high) * 0xc2b2ae35 >> 16;
}

/** Toggles each of the first `count` short ids in SHORT in its CELLS of blocks `first` to `last`. */
export function toggle(count: i32, first: i32, last: i32): void {
  let at = SHORT;
  for (let i = 0; i < count; i++) {
    const x = load<u64>(at);
    at += 8;
    let low = <u32>x;
    let high = <u32>(x >> 32);
    if (first == 0) store<u64>(CELLS, load<u64>(CELLS) ^ x);
    const heavy = (low & 0x30000) == 0;
    for (let block = 1; block <= last; block++) {
      high = (high ^ (high >> 15)) * 0x2c1b3c6d + 0x9e3779b9;
      low = (low ^ (low >> 13)) * 0x297a2d39 + 0x9e3779b9;
      if (block < first) continue;
      const base = CELLS - 8 + (<usize>8 << block);
      const wide = 32 - block;
      const narrow = 16 - block;
      if (heavy) {
        flip(base, high >> wide, x);
        flip(base, (high & 0xffff) >> narrow, x);
        flip(base, low >> wide, x);
        flip(base, (low & 0xffff) >> narrow, x);
      } else if (low >> 16 < 53248) {
        flip(base, high >> wide, x);
      }
    }
  }
}

// @ts-ignore: a decorator of AssemblyScript's
@inline
function flip(base: usize, cell: u32, x: u64): void {
  const to = base + (<usize>cell << 3);
  store<u64>(to, load<u64>(to) ^ x);
}

/** Adds a sign for each of the first `count` short ids in SHORT to its one of BUCKETS. */
export function weigh(count: i32): void {
  let at = SHORT;
  for (let i = 0; i < count; i++) {
    const high = load<u32>(at, 4);
    at += 8;
    const to = BUCKETS + (<usize>(high >> 27) << 2);
    store<i32>(to, load<i32>(to) + 1 - <i32>((high >> 25) & 2));
  }
}
