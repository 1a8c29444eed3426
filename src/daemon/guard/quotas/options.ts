/** Most items and bytes on disk that one owner may have here; 0: no limit. Bytes count 228 for each item too. */
export interface QuotaOptions {
  /**
   * Items that one peer brought, pushed or fetched.
   * @default 0
   */
  readonly peerItems: number;
  /**
   * Bytes of these items on disk.
   * @default 0
   */
  readonly peerBytes: number;
  /**
   * Pushed items that one node published, whichever peer passed them on.
   * @default 0
   */
  readonly publisherItems: number;
  /**
   * Bytes of these items on disk.
   * @default 0
   */
  readonly publisherBytes: number;
}

export const DEFAULT_QUOTA_OPTIONS: QuotaOptions = {
  peerItems: 0,
  peerBytes: 0,
  publisherItems: 0,
  publisherBytes: 0,
};
