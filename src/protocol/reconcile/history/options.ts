/** Bounds of what a node remembers of its last commits. */
export interface RootHistoryOptions {
  /**
   * Roots that are kept, one for each commit. Raising it costs 24 bytes a root, and lets peers catch up without
   * narrowing after more commits.
   * @default 65_536
   */
  maxRoots: number;
  /**
   * Keys that are kept. Raising it costs 40 bytes a key, and lets peers catch up without narrowing after more
   * items.
   * @default 131_072
   */
  maxKeys: number;
}

/** The defaults of `RootHistoryOptions`. */
export const DEFAULT_ROOT_HISTORY_OPTIONS: RootHistoryOptions = {
  maxRoots: 65_536,
  maxKeys: 131_072,
};
