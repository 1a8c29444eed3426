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
