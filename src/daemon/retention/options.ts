/** How hints are read. */
export interface HintOptions {
  /** `milliseconds`: hints are times since the epoch. `none`: they only order the set. */
  readonly unit: 'none' | 'milliseconds';
  /**
   * Milliseconds by which a hint may be ahead of the wall clock, where hints are times; 0: no bound. Raising it
   * takes items of nodes whose clocks are further ahead.
   * @default 600_000 (10 minutes)
   */
  readonly maxAhead: number;
}

export const DEFAULT_HINT_OPTIONS: HintOptions = { unit: 'none', maxAhead: 600_000 };

/** What a node keeps. The highest of the three floors counts. */
export interface RetentionOptions {
  /**
   * Milliseconds for which items are kept by their hints, where hints are times; 0: for ever.
   * @default 0
   */
  readonly maxAge: number;
  /** Items with lower hints are not kept. */
  readonly minHint: bigint;
  /**
   * Bytes that the items may take on disk, payloads and 228 for each; past them the lowest hints go. 0: no bound.
   * @default 0
   */
  readonly maxBytes: number;
  /**
   * Longest time between two runs, in milliseconds, after which the wall clock is believed without a word of the
   * operator. Raising it bears with longer stops; lowering it finds wrong clocks sooner.
   * @default 86_400_000 (a day)
   */
  readonly maxClockGap: number;
}

export const DEFAULT_RETENTION_OPTIONS: RetentionOptions = {
  maxAge: 0,
  minHint: 0n,
  maxBytes: 0,
  maxClockGap: 86_400_000,
};
