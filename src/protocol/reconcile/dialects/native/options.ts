import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../options.ts';

/** Limits of one side of a session. Those that bind the peer are told to it. */
export interface NativeLimits extends SessionLimits {
  /**
   * Longest frame sent: 64 KiB or less, and never more than the peer accepts. Lowering it saves memory.
   * @default 64 KiB
   */
  maxMessageBytes: number;
  /**
   * Longest frame accepted; told to the peer. Raising it lets a peer make us hold more.
   * @default 64 KiB
   */
  maxInboundBytes: number;
  /**
   * Items read in one session. Beyond it ranges are put off, and the next session continues there.
   * @default 67_108_864
   */
  maxVisitedItems: number;
  /**
   * Missing ids learnt in one session. Beyond it ranges are put off. The session ends with
   * `BUDGET_SPENT` if the peer continues.
   * @default 1_048_576
   */
  maxMissing: number;
  /**
   * Bytes accepted in one session; a session that needs more ends with `BUDGET_SPENT`.
   * @default 256 MiB
   */
  maxBytes: number;
  /**
   * Our ranges that may await the peer's answer; told to the peer, which then puts off ranges that it
   * would split. Raising it costs about 200 bytes a range.
   * @default 65_536
   */
  maxRanges: number;
  /**
   * Groups of the peer that may await our answer; told to the peer. Lowering it costs round trips.
   * @default 1_024
   */
  maxGroups: number;
  /**
   * Our items in all groups that await an answer; told to the peer. Each costs 8 bytes. Lowering it
   * costs round trips where much differs.
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
   * Items read, or as much other work, before the event loop gets its turn, at most.
   * @default 32_768
   */
  sliceItems: number;
}

/** The defaults of `NativeLimits`. */
export const DEFAULT_NATIVE_LIMITS: NativeLimits = {
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
