/** The budget of bytes on the wire; rates in bytes a second, 0: no limit. */
export interface BudgetOptions {
  /**
   * To all peers together.
   * @default 0
   */
  uploadBytesPerSecond: number;
  /**
   * From all peers together.
   * @default 0
   */
  downloadBytesPerSecond: number;
  /**
   * To each peer.
   * @default 0
   */
  peerUploadBytesPerSecond: number;
  /**
   * From each peer.
   * @default 0
   */
  peerDownloadBytesPerSecond: number;
  /**
   * Times of the day with other rates, each as `parseScheduled` reads it. The first that holds now counts; by
   * default there is none.
   */
  schedule: readonly string[];
}

/** The defaults of `BudgetOptions`. */
export const DEFAULT_BUDGET_OPTIONS: BudgetOptions = {
  uploadBytesPerSecond: 0,
  downloadBytesPerSecond: 0,
  peerUploadBytesPerSecond: 0,
  peerDownloadBytesPerSecond: 0,
  schedule: [],
};
