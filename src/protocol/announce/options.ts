/** Rates of announcements, and the patience of a receiver. */
export interface AnnounceOptions {
  /**
   * Milliseconds between two batches; the first item after a pause goes out at once. Raising it makes
   * fewer, larger messages; lowering it spreads items sooner.
   * @default 5
   */
  batchMs: number;
  /**
   * Longest payload that goes along, in bytes; for a longer payload the key goes out, and peers fetch
   * the item. Raising it saves a round trip, and sends more bytes in vain: a peer gets a message from
   * several others. At most 32 KiB.
   * @default 4 KiB
   */
  inlineBytes: number;
  /**
   * Most bytes of messages published in a second; after a pause, the bytes of one second may go at
   * once. Faster items are left to sessions, which are cheaper for many items. Raising it beyond the
   * speed of peers makes gossip break off its streams to them.
   * @default 1 MiB
   */
  maxBytesPerSecond: number;
  /**
   * Bytes that may wait to be published. Items beyond are left to sessions.
   * @default 1 MiB
   */
  maxQueuedBytes: number;
  /**
   * Messages taken from one peer in a second, and as many bytes; five times as many at once after a
   * pause. A message that brings nothing new counts five times, a copy in its bytes alone. Messages
   * beyond are left to sessions, without a look at their signatures.
   * Raising them lets a peer cost more; lowering them makes busy meshes fall back on sessions.
   * @default 1_000
   */
  peerMessagesPerSecond: number;
  /** @default 4 MiB */
  peerBytesPerSecond: number;
  /**
   * Messages whose signatures are checked in a second, from all peers together; five times as many at once
   * after a pause. Copies do not count. Messages beyond are left to sessions. Raising it lets many peers
   * cost more; lowering it makes busy meshes fall back on sessions.
   * @default 2_000
   */
  messagesPerSecond: number;
  /**
   * Mean delay of the event loop, in milliseconds over a second, above which own and heard items are
   * left to sessions, until it is below the half. Raising it pushes longer under load, and lets puts
   * wait longer.
   * @default 100
   */
  overloadMs: number;
  /**
   * Milliseconds that a missing number may come late before it counts as missed. Gossip repairs
   * most losses itself, within some of its heartbeats of one second.
   * @default 3_000
   */
  gapGraceMs: number;
  /**
   * Milliseconds a message of keys is held until their items are here. It is passed on only then, so
   * that its receivers can fetch them here.
   * @default 30_000
   */
  holdMs: number;
  /**
   * Messages of keys held at a time, at most half of them from one peer. The items of further messages
   * are fetched, but these messages are not passed on.
   * @default 256
   */
  maxHeld: number;
}

/** The defaults of `AnnounceOptions`. */
export const DEFAULT_ANNOUNCE_OPTIONS: AnnounceOptions = {
  batchMs: 5,
  inlineBytes: 4 * 1024,
  maxBytesPerSecond: 1024 * 1024,
  maxQueuedBytes: 1024 * 1024,
  peerMessagesPerSecond: 1_000,
  peerBytesPerSecond: 4 * 1024 * 1024,
  messagesPerSecond: 2_000,
  overloadMs: 100,
  gapGraceMs: 3_000,
  holdMs: 30_000,
  maxHeld: 256,
};
