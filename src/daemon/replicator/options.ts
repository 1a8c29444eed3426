import { DEFAULT_FETCH_OPTIONS } from '../../protocol/options.ts';
import { DEFAULT_LIMITS } from '../../store/options.ts';

/** When sessions run, and how the missing items that they find are fetched. */
export const DEFAULT_REPLICATOR_OPTIONS = {
  /**
   * Milliseconds between two sessions with a peer when nothing else asks for one. Lowering it finds
   * silent differences sooner, for a small exchange per peer each time.
   */
  intervalMs: 30_000,
  /**
   * Shortest such interval: each session that finds a difference cuts it to a quarter. Lowering it
   * keeps a closer eye on peers whose pushes get lost.
   */
  intervalMinMs: 5_000,
  /** Longest such interval: each session that finds nothing doubles it. Raising it saves sessions. */
  intervalMaxMs: 300_000,
  /** Part of the interval that chance adds or takes, 0 to 1, so that a mesh is not in step. */
  jitter: 0.2,
  /**
   * Milliseconds of quiet after local changes before sessions tell the peers. Raising it makes
   * fewer, larger sessions; lowering it spreads single items sooner.
   */
  settleMs: 250,
  /** Longest time in milliseconds that changes which never stop may put such a session off. */
  settleMaxMs: 2_000,
  /**
   * Milliseconds without a change after which sessions check that pushed items have arrived.
   * Lowering it shows peers in sync sooner, for a small exchange with each.
   */
  silenceMs: 2_000,
  /**
   * Milliseconds within which it is proved again, for each peer, that all its items are here, as long as
   * sets change. Lowering it keeps the proofs younger, for a small exchange with each peer.
   */
  proveMs: 10_000,
  /**
   * A peer with this many more items than this node starts a catch-up from several peers, in slices.
   * Lowering it spreads smaller gaps over several peers, for a session a slice.
   */
  catchUpItems: 10_000,
  /**
   * Missing items in a slice, listed by one peer in one session. Raising it takes fewer sessions and
   * more memory, about 150 bytes an item.
   */
  sliceItems: 16_384,
  /**
   * Missing items of a slice below which a peer lists their ids and streams nothing. Lowering it streams smaller
   * slices, whose ids would cost less.
   */
  streamedItems: 256,
  /** Items listed and not stored above which a catch-up lists no further slice. */
  maxPending: 131_072,
  /**
   * Items in one request at most; slow peers are asked for fewer. Raising it saves round trips;
   * lowering it spreads the work over more peers and loses less when one fails.
   */
  batchItems: 1_024,
  /**
   * Milliseconds that a request shall take at the rate its peer was measured at. Raising it saves
   * round trips; lowering it keeps slow peers from holding items that others could bring sooner.
   */
  requestMs: 500,
  /** Payload bytes that a request shall bring, as far as lengths are known. */
  requestBytes: (4 * 1024 * 1024) as number,
  /** Longest payload in bytes of a small item. Larger ones wait, and have requests of their own. */
  maxSmallBytes: (256 * 1024) as number,
  /** Requests for large items in all, one to a peer. Each may hold `maxItemBytes`. */
  maxLargeRequests: 4,
  /**
   * Payload bytes of the longest items of all requests for large items under way; alone an item may be longer.
   * A large item is in memory several times until its commit. Raising it fetches more of them at a time.
   */
  largeBytes: (32 * 1024 * 1024) as number,
  /**
   * Milliseconds without a new small item before large ones are fetched; while small ones keep
   * coming, ten times as long. Raising it lets small items on their way go first, but delays every
   * large item.
   */
  largeQuietMs: 500,
  /** Longest time in milliseconds that waiting small items may put off the next large one. */
  largeWaitMs: 30_000,
  /**
   * Milliseconds without progress after which a source loses its claims to an idle one. Lowering it
   * leaves slow sources sooner, and fetches more items twice.
   */
  stealAfterMs: 1_000,
  /** Requests under way to one peer. A second one hides the round trip of the first. */
  requestsPerPeer: DEFAULT_FETCH_OPTIONS.requestsPerPeer as number,
  /** Requests under way in all. Each may hold one item while that arrives. */
  maxRequests: 32,
  /**
   * Fetched bytes, over all requests, that may wait for their commit before the peers are slowed down; an
   * item counts 128 bytes more than its payload. Raising it costs memory and makes larger commits.
   */
  windowBytes: (8 * 1024 * 1024) as number,
  /**
   * Milliseconds after which an item that did not come is not wanted any more; four times as long if it
   * is confirmed. Raising it keeps invented ids longer.
   */
  expireAfterMs: (7 * 86_400_000) as number,
  /** First pause in milliseconds after a peer failed as a source, doubled with each failure. */
  backoffBaseMs: 1_000,
  /** Longest such pause in milliseconds. */
  backoffMaxMs: 60_000,
  /** Longest payload taken, in bytes: the limit of the replica. Longer items are not fetched. */
  maxItemBytes: DEFAULT_LIMITS.maxItemBytes as number,
  /**
   * Bytes on disk that pushed items of one publisher may take in a second; after a pause, those of
   * four seconds at once. Sessions bring the rest. Raising it lets one member fill disks sooner.
   */
  publisherBytesPerSecond: (1024 * 1024) as number,
  /**
   * Bytes on disk that the items of one peer may take in a second, pushed or fetched. Lowering it slows
   * down catch-ups, which bring 30,000 short items a second.
   */
  peerBytesPerSecond: (64 * 1024 * 1024) as number,
  /** Likewise in a day, at once or bit by bit; 0: no limit. Lowering it makes large catch-ups wait. */
  peerBytesPerDay: 0 as number,
};

export type ReplicatorOptions = Readonly<typeof DEFAULT_REPLICATOR_OPTIONS>;
