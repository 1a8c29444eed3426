export const DIALECT_NAME = 'native';
/**
 * The versions of the dialect. Version 1 knows neither whole intervals nor refused ids; version 2 spends
 * more bytes on openings, splits and sketches; version 3 cannot tell what came since.
 */
export type NativeVersion = 1 | 2 | 3 | 4;
export const DIALECT_VERSION: NativeVersion = 4;

export const NONCE_BYTES = 16;
export const PROOF_BYTES = 16;
/** Bytes of a keyed digest of a range; the proof at the end shows a collision (2^-40). */
export const DIGEST_BYTES = 5;
/** The same in a cut, where few ranges are compared (2^-24 each). */
export const CUT_DIGEST_BYTES = 3;
export const SYMBOL_BYTES = 8;
/** The same without the bits that repeat others. */
export const NARROW_SYMBOL_BYTES = 6;
/**
 * Symbols are narrow up to so many pairs of a difference and an item: one group in 64 then has two equal
 * short ids, and is answered once more.
 */
export const NARROW_PAIRS = 67_108_864;
/** Bytes of a granted id: its short id tells the others. */
export const REST_BYTES = 28;

/** Ranges of at most so many items are digested from their ids, larger ranges from LtHash. */
export const PLAIN_ITEMS = 512;
/** Ranges a range is split into. */
export const BRANCHING = 16;
/** Longest message of a stop, in bytes of UTF-8. */
export const MAX_REASON_BYTES = 200;
/** Lowest frame limit: one split of 16 ranges with the longest bounds must fit. */
export const MIN_FRAME_BYTES = 1024;
/** Longest frame: it bounds the work of a frame, and the delay of frames behind it. */
export const MAX_FRAME_BYTES = 65_536;
/** Bytes of a short id in a list; more where two would be equal. */
export const LIST_WIDTH = 5;
/** The same in a list of at most `SHORT_LIST` items, where chance makes fewer pairs equal. */
export const SHORT_LIST_WIDTH = 4;
export const SHORT_LIST = 256;
/** Most items of a record: it is read in one go. */
export const MAX_RECORD_ITEMS = 1_024;
/** Most items of a list; larger ranges are split first. */
export const MAX_LISTED = 4_096;
/** Sums of the estimator in a sketch, each of four buckets; a probe has all buckets. */
export const SKETCH_SUMS = 32;
/** The same where few differences are expected, so that symbols will do. */
export const BRIEF_SUMS = 8;
/** Expected differences up to which a sketch is brief. */
export const BRIEF_DIFFERENCES = 4;
/** First symbols for a group without an estimate. */
export const BLIND_SYMBOLS = 16;
/** Differences that `BLIND_SYMBOLS` suffice for. */
export const BLIND_DIFFERENCES = 8;

/** First bytes of records. */
export const TAG = {
  open: 0x01,
  proof: 0x02,
  stop: 0x03,
  same: 0x10,
  later: 0x11,
  split: 0x12,
  want: 0x13,
  all: 0x14,
  cut: 0x15,
  take: 0x16,
  fail: 0x17,
  sketch: 0x20,
  list: 0x21,
  more: 0x22,
  symbols: 0x23,
  found: 0x24,
  match: 0x25,
  give: 0x26,
  grant: 0x27,
  piece: 0x28,
  probe: 0x29,
  rest: 0x2a,
  recent: 0x2b,
  items: 0x2c,
} as const;
