// BLAKE3 in its three modes, over a message that comes through WINDOW in pieces. Whole chunks are
// hashed four at a time, one a lane; single blocks (short messages, parents) by rows.
// Lines that begin with //! are replaced by unrolled rounds before compilation: scripts/rounds.ts.

import { BLOCK, FOUR, HASH, KEY, STACK } from './layout';

const CHUNK_BYTES: i32 = 1024;
const BLOCK_BYTES: i32 = 64;
const CV_BYTES: usize = 32;

const CHUNK_START: i32 = 1;
const CHUNK_END: i32 = 2;
const PARENT: i32 = 4;
const ROOT: i32 = 8;

let mode: i32 = 0;
let chunks: i64 = 0;
let depth: i32 = 0;

/** Begins a hash. `flags`: 0 plain, 16 keyed, 32 a context, 64 derived; the last and keyed with the key in HASH. */
export function begin(flags: i32): void {
  mode = flags;
  chunks = 0;
  depth = 0;
  if (flags == 16 || flags == 64) {
    v128.store(KEY, v128.load(HASH), 0);
    v128.store(KEY, v128.load(HASH, 16), 16);
  } else {
    v128.store(KEY, i32x4(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a), 0);
    v128.store(KEY, i32x4(0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19), 16);
  }
}

/** Takes `bytes` at `from`: whole chunks, and more of the message follows. */
export function absorb(from: usize, bytes: i32): void {
  while (bytes >= 2 * CHUNK_BYTES) {
    const count = min(4, bytes / CHUNK_BYTES);
    fourChunks(from);
    for (let i: i32 = 0; i < count; i++) push(FOUR + <usize>i * CV_BYTES);
    from += count * CHUNK_BYTES;
    bytes -= count * CHUNK_BYTES;
  }
  if (bytes > 0) {
    oneChunk(from, CHUNK_BYTES, 0, HASH);
    push(HASH);
  }
}

/** Takes the last `bytes` at `from`, of which a whole window may be, and leaves the hash in HASH. */
export function finish(from: usize, bytes: i32): void {
  if (chunks == 0 && bytes <= CHUNK_BYTES) return oneChunk(from, bytes, ROOT, HASH);
  const whole = bytes & ~(CHUNK_BYTES - 1);
  absorb(from, whole);
  if (bytes > whole) {
    oneChunk(from + whole, bytes - whole, 0, HASH);
    push(HASH);
  }
  while (depth > 2) merge();
  compress(STACK, KEY, 0, BLOCK_BYTES, mode | PARENT | ROOT, HASH);
}

/** Joins the last two subtrees on the stack. */
function merge(): void {
  const pair = STACK + <usize>(depth - 2) * CV_BYTES;
  compress(pair, KEY, 0, BLOCK_BYTES, mode | PARENT, pair);
  depth--;
}

/**
 * Puts the next chunk's chaining value on the stack. Subtrees are joined only now that another chunk
 * is known to follow them, because the last join of all is the root and differs.
 */
function push(cv: usize): void {
  while (depth > <i32>popcnt(chunks)) merge();
  const to = STACK + <usize>depth * CV_BYTES;
  v128.store(to, v128.load(cv), 0);
  v128.store(to, v128.load(cv, 16), 16);
  depth++;
  chunks++;
}

/** The chaining value of one chunk of `bytes`, 0 to 1024, into `to`; `root` is ROOT or 0. */
function oneChunk(from: usize, bytes: i32, root: i32, to: usize): void {
  let flags = mode | CHUNK_START;
  let cv = KEY;
  while (bytes > BLOCK_BYTES) {
    compress(from, cv, chunks, BLOCK_BYTES, flags, to);
    cv = to;
    flags = mode;
    from += BLOCK_BYTES;
    bytes -= BLOCK_BYTES;
  }
  if (bytes < BLOCK_BYTES) {
    memory.fill(BLOCK, 0, BLOCK_BYTES);
    memory.copy(BLOCK, from, bytes);
    from = BLOCK;
  }
  compress(from, cv, chunks, bytes, flags | CHUNK_END | root, to);
}

/** One compression, its four rows in four vectors: the block at `from`, the first 32 bytes to `to`. */
function compress(from: usize, cv: usize, counter: i64, bytes: i32, flags: i32, to: usize): void {
  let by16 = i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  let by8 = i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
  let a = v128.load(cv);
  let b = v128.load(cv, 16);
  let c = i32x4(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a);
  let d = i64x2.splat(counter);
  d = i32x4.replace_lane(i32x4.replace_lane(d, 2, bytes), 3, flags);
  let t = a;
  //! rows rounds=0-6
  v128.store(to, v128.xor(a, c), 0);
  v128.store(to, v128.xor(b, d), 16);
}

/** The chaining values of the four whole chunks at `from`, into FOUR. */
function fourChunks(from: usize): void {
  let by16 = i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  let by8 = i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
  let low = i32x4.add(i32x4.splat(<i32>chunks), i32x4(0, 1, 2, 3));
  // A group begins at a multiple of four, so the high word is one for all.
  let high = i32x4.splat(<i32>(chunks >> 32));
  let v0 = v128.load32_splat(KEY, 0), v1 = v128.load32_splat(KEY, 4);
  let v2 = v128.load32_splat(KEY, 8), v3 = v128.load32_splat(KEY, 12);
  let v4 = v128.load32_splat(KEY, 16), v5 = v128.load32_splat(KEY, 20);
  let v6 = v128.load32_splat(KEY, 24), v7 = v128.load32_splat(KEY, 28);
  let t0 = v0, t1 = v0, t2 = v0, t3 = v0;
  let flags = mode | CHUNK_START;
  for (let block = 0; block < 16; block++) {
    if (block == 15) flags |= CHUNK_END;
    //! gather from=from base=0 stride=1024 to=m0,m1,m2,m3
    //! gather from=from base=16 stride=1024 to=m4,m5,m6,m7
    //! gather from=from base=32 stride=1024 to=m8,m9,m10,m11
    //! gather from=from base=48 stride=1024 to=m12,m13,m14,m15
    let v8 = i32x4.splat(0x6a09e667), v9 = i32x4.splat(0xbb67ae85);
    let v10 = i32x4.splat(0x3c6ef372), v11 = i32x4.splat(0xa54ff53a);
    let v12 = low, v13 = high, v14 = i32x4.splat(BLOCK_BYTES), v15 = i32x4.splat(flags);
    //! lanes words=16 rounds=0-6
    v0 = v128.xor(v0, v8), v1 = v128.xor(v1, v9), v2 = v128.xor(v2, v10), v3 = v128.xor(v3, v11);
    v4 = v128.xor(v4, v12), v5 = v128.xor(v5, v13), v6 = v128.xor(v6, v14), v7 = v128.xor(v7, v15);
    flags = mode;
    from += BLOCK_BYTES;
  }
  //! scatter from=v0,v1,v2,v3 to=FOUR base=0 stride=32
  //! scatter from=v4,v5,v6,v7 to=FOUR base=16 stride=32
}
