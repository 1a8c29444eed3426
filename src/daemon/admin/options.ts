/** What clients of the admin endpoint may take up. */
export interface AdminBounds {
  /**
   * Connections at a time; past them that without a request under way whose last request began longest ago is
   * closed. Higher: more memory and files for idle clients.
   * @default 1_024
   */
  readonly maxConnections: number;
  /**
   * Requests of one connection that wait for their answers; one more ends it. Higher: connections that send
   * many at once take more memory and time.
   * @default 8
   */
  readonly maxPipelined: number;
  /**
   * Requests under way at a time; health probes and proofs are always answered. Lower: slow readers sooner keep
   * others waiting. Below `maxConnections`, so that a new connection always finds another one to replace.
   * @default 256
   */
  readonly maxRequests: number;
  /**
   * Clients that read the order of arrival at a time, also those that wait for items. Each holds up to about
   * 500 KB while it is slow. Lower: programs are refused sooner.
   * @default 64
   */
  readonly maxFeeds: number;
  /**
   * Milliseconds for the head of a request to arrive. Lower: slow clients are cut off.
   * @default 10_000
   */
  readonly headersMs: number;
  /**
   * Milliseconds without progress after which an answer counts as unread, and its connection is closed. Lower: slow clients are cut off.
   * @default 60_000
   */
  readonly unreadMs: number;
  /**
   * Bytes of payloads above 64 KiB in answers that clients have not taken yet. Lower: slow readers of long
   * items sooner keep others waiting.
   * @default 67_108_864
   */
  readonly answerBytes: number;
  /**
   * Bytes of payloads above 64 KiB that clients send, from before they are read until the item is stored.
   * Lower: slow senders of long items sooner keep others waiting.
   * @default 67_108_864
   */
  readonly bodyBytes: number;
  /**
   * Bytes of exports and of calls with many ids: 2 MiB for each stream of items, and six times a list of ids.
   * Apart from `bodyBytes`, so that reads keep no writes out. Lower: slow readers sooner keep others waiting.
   * @default 67_108_864
   */
  readonly readBytes: number;
  /**
   * Milliseconds that a request waits for such bytes before it gets 503 `BUSY`. Higher: fewer are refused.
   * @default 5_000
   */
  readonly memoryWaitMs: number;
  /**
   * Bytes of a long payload that a client must take or send in a second while others wait for memory; else
   * its connection is closed. Higher: memory is free sooner, and slower links are refused.
   * @default 32_768
   */
  readonly bytesPerSecond: number;
}

export const ADMIN_BOUNDS: AdminBounds = {
  maxConnections: 1_024,
  maxPipelined: 8,
  maxRequests: 256,
  maxFeeds: 64,
  headersMs: 10_000,
  unreadMs: 60_000,
  answerBytes: 64 * 1024 * 1024,
  bodyBytes: 64 * 1024 * 1024,
  readBytes: 64 * 1024 * 1024,
  memoryWaitMs: 5_000,
  bytesPerSecond: 32 * 1024,
};

/** Hears of answered requests. Its methods must not throw. */
export interface AdminObserver {
  /** `route` is the pattern of the path, or undefined for a path that is none. */
  answered(answer: { method: string; route: string | undefined; status: number; ms: number }): void;
  /** A request got an error for its answer. */
  refused(code: string): void;
}
