/** How new items go out, and how patient a receiver is. */
export interface AnnounceOptions {
  /**
   * Milliseconds between two batches; the first item after a pause goes out at once. Raising it makes
   * fewer, larger messages; lowering it spreads items sooner.
   * @default 5
   */
  batchMs: number;
  /**
   * Longest payload that goes along, in bytes; of longer ones only the key goes out, and whoever
   * lacks the item fetches it. Raising it saves a round trip, and sends more bytes in vain: a peer
   * gets a message from several others. At most 32 KiB.
   * @default 4 KiB
   */
  inlineBytes: number;
  /**
   * Bytes of messages published in a second at the most, over some seconds: after a pause, those of
   * one second may go at once. What comes faster is left to sessions, which are cheaper for much at a
   * time. Raising it beyond what peers can take has gossip break off its streams to them.
   * @default 1 MiB
   */
  maxBytesPerSecond: number;
  /**
   * Bytes that may wait to be published. What comes beyond is left to sessions.
   * @default 1 MiB
   */
  maxQueuedBytes: number;
  /**
   * Milliseconds that a missing number may come late before it counts as missed. Gossip repairs
   * most losses itself, within some of its heartbeats of one second.
   * @default 3_000
   */
  gapGraceMs: number;
  /**
   * Milliseconds a message of keys is held until their items are here; it is passed on only then, so
   * that whoever gets it finds them with us. Past them it is not passed on.
   * @default 30_000
   */
  holdMs: number;
  /**
   * Messages of keys held at a time, half of them from one peer at the most; the items of further ones
   * are fetched, and they are not passed on.
   * @default 256
   */
  maxHeld: number;
}

export const DEFAULT_ANNOUNCE_OPTIONS: AnnounceOptions = {
  batchMs: 5,
  inlineBytes: 4 * 1024,
  maxBytesPerSecond: 1024 * 1024,
  maxQueuedBytes: 1024 * 1024,
  gapGraceMs: 3_000,
  holdMs: 30_000,
  maxHeld: 256,
};
