// One page of linear memory, fixed. Everything else in these files is an offset into it. The exports
// tell the host where to put what; there is no allocator and no static data.

/** The state in work: 2048 bytes, little-endian lanes. */
export const STATE: usize = 0x0000;
/** 2048 bytes that stay zero: the sum before the first id. */
export const ZEROS: usize = 0x2000;
/** A hash or a key, 32 bytes: what `finish` and `sha256` leave, what `begin` takes. */
export const HASH: usize = 0x1800;
/** Ids (32 bytes each), or states, or a stretch of the message to hash. */
export const WINDOW: usize = 0x4000;
export const WINDOW_BYTES: i32 = 0x4000;

/** Sum of expansions: 32 output blocks in groups of four, word by word, the four blocks in the lanes. */
export const SUM: usize = 0x1000;
/** The key of the hash in work: eight words. */
export const KEY: usize = 0x1820;
/** The last block of a message, padded. */
export const BLOCK: usize = 0x1840;
/** Chaining values of four chunks that were hashed side by side. */
export const FOUR: usize = 0x1880;
/** Chaining values of the subtrees still open, at most one a level: 54 levels for 2^64 bytes. */
export const STACK: usize = 0x1900;

/** Short ids of the ids in WINDOW, 8 bytes each. */
export const SHORT: usize = 0x2800;
/** The estimator's 128 signed counts. */
export const BUCKETS: usize = 0x3800;
/** The key of short ids, 16 bytes. */
export const SIP_KEY: usize = 0x3a00;
/** Coded symbols of one group, 8 bytes each. */
export const CELLS: usize = 0x8000;
export const CELLS_BYTES: i32 = 0x8000;
