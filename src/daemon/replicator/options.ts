import { DEFAULT_FETCH_OPTIONS } from '../../protocol/options.ts';
import { DEFAULT_LIMITS } from '../../store/options.ts';

/** When sessions run, and how what they found is fetched. */
export interface ReplicatorOptions {
  /**
   * Milliseconds between two sessions with a peer when nothing else asks for one. Lowering it finds
   * silent differences sooner, for a small exchange per peer each time.
   * @default 30_000
   */
  intervalMs: number;
  /**
   * Shortest such interval: each session that finds a difference cuts it to a quarter. Lowering it
   * keeps a closer eye on peers whose pushes get lost.
   * @default 5_000
   */
  intervalMinMs: number;
  /**
   * Longest such interval: each session that finds nothing doubles it. Raising it makes a calm mesh
   * calmer; what is then lost on the way is found later.
   * @default 300_000
   */
  intervalMaxMs: number;
  /**
   * Part of the interval that chance adds or takes, 0 to 1, so that a mesh does not beat in step.
   * @default 0.2
   */
  jitter: number;
  /**
   * Milliseconds of quiet after local changes before peers are told by a session. Raising it makes
   * fewer, larger sessions; lowering it spreads single items sooner.
   * @default 250
   */
  settleMs: number;
  /**
   * Longest time in milliseconds that changes which never stop may put such a session off.
   * @default 2_000
   */
  settleMaxMs: number;
  /**
   * Milliseconds without a change after which sessions look whether what was pushed has arrived.
   * Lowering it shows peers in sync sooner, for a small exchange with each.
   * @default 2_000
   */
  silenceMs: number;
  /**
   * Items a peer has more than we from which on several peers work at catching up, in slices. Lowering
   * it spreads smaller gaps over several peers, for a session a slice.
   * @default 10_000
   */
  catchUpItems: number;
  /**
   * Missing items in a slice: what one peer lists in one session. Raising it takes fewer sessions and
   * more memory, about 150 bytes an item.
   * @default 16_384
   */
  sliceItems: number;
  /**
   * Items listed and not stored above which a catch-up lists no further slice.
   * @default 131_072
   */
  maxPending: number;
  /**
   * Items asked for in one request at the most; peers that have been slow are asked for fewer. Raising
   * it saves round trips; lowering it spreads the work over more peers and loses less when one fails.
   * @default 1_024
   */
  batchItems: number;
  /**
   * Milliseconds that a request shall take at the rate its peer was measured at. Raising it saves
   * round trips; lowering it keeps slow peers from holding what others could bring sooner.
   * @default 500
   */
  requestMs: number;
  /**
   * Payload bytes that a request shall bring, as far as that is known.
   * @default 4 MiB
   */
  requestBytes: number;
  /**
   * Longest payload in bytes that is asked for among others. Longer ones are asked for in requests of
   * their own, when nothing small is waiting.
   * @default 256 KiB
   */
  maxSmallBytes: number;
  /**
   * Requests for large items under way in all, one to a peer. Each may hold an item of
   * `maxItemBytes` while that arrives.
   * @default 4
   */
  maxLargeRequests: number;
  /**
   * Milliseconds without a new small item before large ones are asked for; when small ones keep coming,
   * ten times as long. Raising it lets small items that are on their way go first; every large item
   * waits as long.
   * @default 500
   */
  largeQuietMs: number;
  /**
   * Longest time in milliseconds that small items which wait to be asked for may put off the next large
   * one.
   * @default 30_000
   */
  largeWaitMs: number;
  /**
   * Milliseconds without progress after which a source loses its claims to another that has nothing to
   * do. Lowering it leaves slow sources sooner, and fetches more things twice.
   * @default 1_000
   */
  stealAfterMs: number;
  /**
   * Requests under way to one peer. A second one hides the round trip of the first.
   * @default 2
   */
  requestsPerPeer: number;
  /**
   * Requests under way in all. Each may hold one item while that arrives.
   * @default 32
   */
  maxRequests: number;
  /**
   * Fetched payload bytes, over all requests, that may wait for their commit before the peers are
   * slowed down. Raising it costs memory and makes larger commits.
   * @default 8 MiB
   */
  windowBytes: number;
  /**
   * Milliseconds after which an item is not wanted any more that one peer alone ever said to have.
   * @default 7 days
   */
  expireAfterMs: number;
  /**
   * First pause in milliseconds after a peer failed us as a source; doubled with each further
   * failure in a row.
   * @default 1_000
   */
  backoffBaseMs: number;
  /**
   * Longest such pause in milliseconds.
   * @default 60_000
   */
  backoffMaxMs: number;
  /**
   * Longest payload taken, in bytes: the replica's own limit, known here so that nothing longer is
   * asked for when its key is announced.
   * @default 16 MiB
   */
  maxItemBytes: number;
}

export const DEFAULT_REPLICATOR_OPTIONS: ReplicatorOptions = {
  intervalMs: 30_000,
  intervalMinMs: 5_000,
  intervalMaxMs: 300_000,
  jitter: 0.2,
  settleMs: 250,
  settleMaxMs: 2_000,
  silenceMs: 2_000,
  catchUpItems: 10_000,
  sliceItems: 16_384,
  maxPending: 131_072,
  batchItems: 1_024,
  requestMs: 500,
  requestBytes: 4 * 1024 * 1024,
  maxSmallBytes: 256 * 1024,
  maxLargeRequests: 4,
  largeQuietMs: 500,
  largeWaitMs: 30_000,
  stealAfterMs: 1_000,
  requestsPerPeer: DEFAULT_FETCH_OPTIONS.requestsPerPeer,
  maxRequests: 32,
  windowBytes: 8 * 1024 * 1024,
  expireAfterMs: 7 * 86_400_000,
  backoffBaseMs: 1_000,
  backoffMaxMs: 60_000,
  maxItemBytes: DEFAULT_LIMITS.maxItemBytes,
};
