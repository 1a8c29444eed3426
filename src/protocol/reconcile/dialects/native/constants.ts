import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../options.ts';

export const DIALECT_NAME = 'native';
export const DIALECT_VERSION = 1;

export const NONCE_BYTES = 16;
export const ROOT_BYTES = 16;
export const PROOF_BYTES = 16;
/** Bytes of a keyed digest of a range; what slips through (2^-40) the proof at the end shows. */
export const DIGEST_BYTES = 5;
export const SYMBOL_BYTES = 8;

/** Ranges announced with at most so many items are digested from their ids, larger ones from LtHash. */
export const PLAIN_ITEMS = 512;
/** Ranges a range is split into. */
export const BRANCHING = 16;
/** Longest message of a stop, in bytes of UTF-8. */
export const MAX_REASON_BYTES = 200;
/** Shortest frame limit taken: one split of 16 ranges with the longest bounds must fit. */
export const MIN_FRAME_BYTES = 1024;
/** Longest frame: the work that one causes, and what waits behind it, stay small. */
export const MAX_FRAME_BYTES = 65_536;
/** Bytes of a short id in a list. Wider where two of the list would be equal. */
export const LIST_WIDTH = 5;
/** Bytes of one in a list of at most `SHORT_LIST` items, among which chance makes fewer pairs equal. */
export const SHORT_LIST_WIDTH = 4;
export const SHORT_LIST = 256;
/** Items of a list at the most; what holds more is worth cutting up first. */
export const MAX_LISTED = 4_096;
/** Sums of the estimator that go with symbols, each of four buckets; a probe has them all. */
export const SKETCH_SUMS = 32;
/** First symbols sent for a group nothing is known of. */
export const BLIND_SYMBOLS = 16;
/** Differences that these are enough for. */
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
} as const;

/** What a session may spend; each side has its own and tells the other those that bind it. */
export interface NativeLimits extends SessionLimits {
  /**
   * Longest frame sent, at most what the peer accepts, and 64 KiB. Raising it saves a few bytes, lowering it memory.
   * @default 64 KiB
   */
  maxMessageBytes: number;
  /**
   * Longest frame accepted; told to the peer. Raising it lets a peer make us hold more.
   * @default 64 KiB
   */
  maxInboundBytes: number;
  /**
   * Items read in one session. Past it ranges are put off, and the next session goes on there.
   * @default 67_108_864
   */
  maxVisitedItems: number;
  /**
   * Missing ids learnt in one session. Past it ranges are put off; a peer that goes on all the same
   * is ended with `BUDGET_SPENT`.
   * @default 1_048_576
   */
  maxMissing: number;
  /**
   * Bytes accepted in one session; a session that needs more ends with `BUDGET_SPENT`.
   * @default 256 MiB
   */
  maxBytes: number;
  /**
   * Ranges of ours that may await the peer's answer; told to the peer. Past it the peer puts off
   * what it would split. Raising it costs about 200 bytes a range.
   * @default 65_536
   */
  maxRanges: number;
  /**
   * Groups of the peer's that may await our answer; told to the peer. Lowering it costs round trips.
   * @default 1_024
   */
  maxGroups: number;
  /**
   * Items of ours in all groups that await an answer, ours or the peer's; told to the peer. Each costs
   * 8 bytes. Lowering it costs round trips where much differs.
   * @default 2_097_152
   */
  maxHeldItems: number;
  /**
   * Coded symbols of one group, at most 4,095. Groups that need more are split.
   * @default 4_095
   */
  maxSymbols: number;
  /**
   * Items of a range above which it is split rather than settled. Raising it saves bytes and round
   * trips, and reads more.
   * @default 65_536
   */
  maxRangeItems: number;
  /**
   * Items of a group of several ranges. Larger groups take fewer bytes where little differs.
   * @default 262_144
   */
  maxGroupItems: number;
  /**
   * Differences a group is made for.
   * @default 64
   */
  groupDifferences: number;
  /**
   * Items read, or as much other work, before the event loop gets its turn.
   * @default 32_768
   */
  sliceItems: number;
}

export const DEFAULT_LIMITS: NativeLimits = {
  ...DEFAULT_SESSION_LIMITS,
  maxMessageBytes: 65_536,
  maxInboundBytes: 65_536,
  maxVisitedItems: 67_108_864,
  maxBytes: 256 * 1024 * 1024,
  maxRanges: 65_536,
  maxGroups: 1_024,
  maxHeldItems: 2_097_152,
  maxSymbols: 4_095,
  maxRangeItems: 65_536,
  maxGroupItems: 262_144,
  groupDifferences: 64,
  sliceItems: 32_768,
};
