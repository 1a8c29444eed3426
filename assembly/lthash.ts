// LtHash over BLAKE3. An id is one block, so its 2048 bytes of extended output are 32 compressions of
// the same block that differ in the counter alone: four at a time in the lanes, eight groups an id.
// Lines that begin with //! are replaced by unrolled rounds before compilation: scripts/rounds.ts.

import { STATE, SUM, WINDOW, ZEROS } from './layout';

const ID_BYTES: usize = 32;
const STATE_BYTES: usize = 2048;
/** Bytes of four output blocks, thus of one group in SUM. */
const GROUP_BYTES: usize = 256;

/** SUM = the sum of the expansions of `count` ids in WINDOW; with `more`, added to what SUM holds. */
export function expand(count: i32, more: i32): void {
  let id = WINDOW;
  let before = more ? SUM : ZEROS;
  for (let i = 0; i < count; i++) {
    expandOne(id, before);
    id += ID_BYTES;
    before = SUM;
  }
}

/** SUM = the sum at `before` and the expansion of `id`. */
function expandOne(id: usize, before: usize): void {
  let by16 = i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  let by8 = i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
  let iv0 = i32x4.splat(0x6a09e667);
  let iv1 = i32x4.splat(0xbb67ae85);
  let iv2 = i32x4.splat(0x3c6ef372);
  let iv3 = i32x4.splat(0xa54ff53a);
  let iv4 = i32x4.splat(0x510e527f);
  let iv5 = i32x4.splat(0x9b05688c);
  let iv6 = i32x4.splat(0x1f83d9ab);
  let iv7 = i32x4.splat(0x5be0cd19);
  let m0 = v128.load32_splat(id, 0);
  let m1 = v128.load32_splat(id, 4);
  let m2 = v128.load32_splat(id, 8);
  let m3 = v128.load32_splat(id, 12);
  let m4 = v128.load32_splat(id, 16);
  let m5 = v128.load32_splat(id, 20);
  let m6 = v128.load32_splat(id, 24);
  let m7 = v128.load32_splat(id, 28);
  let t0 = iv0, t1 = iv0, t2 = iv0, t3 = iv0;

  // Three of the four columns of the first round do not depend on the counter: once for all groups.
  let v0 = iv0, v1 = iv1, v2 = iv2, v3 = iv3, v4 = iv4, v5 = iv5, v6 = iv6, v7 = iv7;
  let v8 = iv0, v9 = iv1, v10 = iv2, v11 = iv3, v12 = iv0;
  let v13 = i32x4.splat(0);
  let v14 = i32x4.splat(32);
  let v15 = i32x4.splat(1 | 2 | 8); // CHUNK_START, CHUNK_END, ROOT
  //! lanes words=8 round=0 quarters=1,2,3
  let k1 = v1, k2 = v2, k3 = v3, k5 = v5, k6 = v6, k7 = v7;
  let k9 = v9, k10 = v10, k11 = v11, k13 = v13, k14 = v14, k15 = v15;

  let counter = i32x4(0, 1, 2, 3);
  let sum = SUM;
  for (let group = 0; group < 8; group++) {
    v0 = iv0, v4 = iv4, v8 = iv0, v12 = counter;
    v1 = k1, v2 = k2, v3 = k3, v5 = k5, v6 = k6, v7 = k7;
    v9 = k9, v10 = k10, v11 = k11, v13 = k13, v14 = k14, v15 = k15;
    //! lanes words=8 round=0 quarters=0
    //! lanes words=8 round=0 quarters=4,5,6,7
    //! lanes words=8 rounds=1-6
    v128.store(sum, i16x8.add(v128.load(before, 0), v128.xor(v0, v8)), 0);
    v128.store(sum, i16x8.add(v128.load(before, 16), v128.xor(v1, v9)), 16);
    v128.store(sum, i16x8.add(v128.load(before, 32), v128.xor(v2, v10)), 32);
    v128.store(sum, i16x8.add(v128.load(before, 48), v128.xor(v3, v11)), 48);
    v128.store(sum, i16x8.add(v128.load(before, 64), v128.xor(v4, v12)), 64);
    v128.store(sum, i16x8.add(v128.load(before, 80), v128.xor(v5, v13)), 80);
    v128.store(sum, i16x8.add(v128.load(before, 96), v128.xor(v6, v14)), 96);
    v128.store(sum, i16x8.add(v128.load(before, 112), v128.xor(v7, v15)), 112);
    v128.store(sum, i16x8.add(v128.load(before, 128), v128.xor(v8, iv0)), 128);
    v128.store(sum, i16x8.add(v128.load(before, 144), v128.xor(v9, iv1)), 144);
    v128.store(sum, i16x8.add(v128.load(before, 160), v128.xor(v10, iv2)), 160);
    v128.store(sum, i16x8.add(v128.load(before, 176), v128.xor(v11, iv3)), 176);
    v128.store(sum, i16x8.add(v128.load(before, 192), v128.xor(v12, iv4)), 192);
    v128.store(sum, i16x8.add(v128.load(before, 208), v128.xor(v13, iv5)), 208);
    v128.store(sum, i16x8.add(v128.load(before, 224), v128.xor(v14, iv6)), 224);
    v128.store(sum, i16x8.add(v128.load(before, 240), v128.xor(v15, iv7)), 240);
    counter = i32x4.add(counter, i32x4.splat(4));
    before += GROUP_BYTES;
    sum += GROUP_BYTES;
  }
}

/** STATE += SUM, the sum of what `expand` has put there and would put there now. */
export function add(count: i32, more: i32): void {
  expand(count, more);
  for (let group: usize = 0; group < STATE_BYTES; group += GROUP_BYTES) {
    for (let word: usize = 0; word < 64; word += 16) {
      const from = group + 4 * word;
      const to = group + word;
      //! gather from=from base=SUM stride=16 to=a,b,c,d
      v128.store(to, i16x8.add(v128.load(to, STATE), a), STATE);
      v128.store(to, i16x8.add(v128.load(to, STATE + 64), b), STATE + 64);
      v128.store(to, i16x8.add(v128.load(to, STATE + 128), c), STATE + 128);
      v128.store(to, i16x8.add(v128.load(to, STATE + 192), d), STATE + 192);
    }
  }
}

/** STATE -= SUM, likewise. */
export function subtract(count: i32, more: i32): void {
  expand(count, more);
  for (let group: usize = 0; group < STATE_BYTES; group += GROUP_BYTES) {
    for (let word: usize = 0; word < 64; word += 16) {
      const from = group + 4 * word;
      const to = group + word;
      //! gather from=from base=SUM stride=16 to=a,b,c,d
      v128.store(to, i16x8.sub(v128.load(to, STATE), a), STATE);
      v128.store(to, i16x8.sub(v128.load(to, STATE + 64), b), STATE + 64);
      v128.store(to, i16x8.sub(v128.load(to, STATE + 128), c), STATE + 128);
      v128.store(to, i16x8.sub(v128.load(to, STATE + 192), d), STATE + 192);
    }
  }
}

/** STATE += the state in WINDOW. */
export function combine(): void {
  for (let at: usize = 0; at < STATE_BYTES; at += 64) {
    v128.store(at, i16x8.add(v128.load(at, STATE + 0), v128.load(at, WINDOW + 0)), STATE + 0);
    v128.store(at, i16x8.add(v128.load(at, STATE + 16), v128.load(at, WINDOW + 16)), STATE + 16);
    v128.store(at, i16x8.add(v128.load(at, STATE + 32), v128.load(at, WINDOW + 32)), STATE + 32);
    v128.store(at, i16x8.add(v128.load(at, STATE + 48), v128.load(at, WINDOW + 48)), STATE + 48);
  }
}

/** STATE -= the state in WINDOW. */
export function difference(): void {
  for (let at: usize = 0; at < STATE_BYTES; at += 64) {
    v128.store(at, i16x8.sub(v128.load(at, STATE + 0), v128.load(at, WINDOW + 0)), STATE + 0);
    v128.store(at, i16x8.sub(v128.load(at, STATE + 16), v128.load(at, WINDOW + 16)), STATE + 16);
    v128.store(at, i16x8.sub(v128.load(at, STATE + 32), v128.load(at, WINDOW + 32)), STATE + 32);
    v128.store(at, i16x8.sub(v128.load(at, STATE + 48), v128.load(at, WINDOW + 48)), STATE + 48);
  }
}

/** STATE += each of the `count` states in WINDOW; four are quickest. */
export function combineAll(count: i32): void {
  if (count == 4) combineFour();
  else combineAny(count);
}

function combineFour(): void {
  for (let at: usize = 0; at < STATE_BYTES; at += 64) {
    let a0 = i16x8.add(v128.load(at, WINDOW + 0), v128.load(at, WINDOW + 2048));
    let b0 = i16x8.add(v128.load(at, WINDOW + 4096), v128.load(at, WINDOW + 6144));
    let a1 = i16x8.add(v128.load(at, WINDOW + 16), v128.load(at, WINDOW + 2064));
    let b1 = i16x8.add(v128.load(at, WINDOW + 4112), v128.load(at, WINDOW + 6160));
    let a2 = i16x8.add(v128.load(at, WINDOW + 32), v128.load(at, WINDOW + 2080));
    let b2 = i16x8.add(v128.load(at, WINDOW + 4128), v128.load(at, WINDOW + 6176));
    let a3 = i16x8.add(v128.load(at, WINDOW + 48), v128.load(at, WINDOW + 2096));
    let b3 = i16x8.add(v128.load(at, WINDOW + 4144), v128.load(at, WINDOW + 6192));
    v128.store(at, i16x8.add(v128.load(at, STATE + 0), i16x8.add(a0, b0)), STATE + 0);
    v128.store(at, i16x8.add(v128.load(at, STATE + 16), i16x8.add(a1, b1)), STATE + 16);
    v128.store(at, i16x8.add(v128.load(at, STATE + 32), i16x8.add(a2, b2)), STATE + 32);
    v128.store(at, i16x8.add(v128.load(at, STATE + 48), i16x8.add(a3, b3)), STATE + 48);
  }
}

function combineAny(count: i32): void {
  for (let at: usize = 0; at < STATE_BYTES; at += 128) {
    let s0 = v128.load(at, STATE);
    let s1 = v128.load(at, STATE + 16);
    let s2 = v128.load(at, STATE + 32);
    let s3 = v128.load(at, STATE + 48);
    let s4 = v128.load(at, STATE + 64);
    let s5 = v128.load(at, STATE + 80);
    let s6 = v128.load(at, STATE + 96);
    let s7 = v128.load(at, STATE + 112);
    let from = WINDOW + at;
    for (let i = 0; i < count; i++) {
      s0 = i16x8.add(s0, v128.load(from, 0));
      s1 = i16x8.add(s1, v128.load(from, 16));
      s2 = i16x8.add(s2, v128.load(from, 32));
      s3 = i16x8.add(s3, v128.load(from, 48));
      s4 = i16x8.add(s4, v128.load(from, 64));
      s5 = i16x8.add(s5, v128.load(from, 80));
      s6 = i16x8.add(s6, v128.load(from, 96));
      s7 = i16x8.add(s7, v128.load(from, 112));
      from += STATE_BYTES;
    }
    v128.store(at, s0, STATE);
    v128.store(at, s1, STATE + 16);
    v128.store(at, s2, STATE + 32);
    v128.store(at, s3, STATE + 48);
    v128.store(at, s4, STATE + 64);
    v128.store(at, s5, STATE + 80);
    v128.store(at, s6, STATE + 96);
    v128.store(at, s7, STATE + 112);
  }
}
