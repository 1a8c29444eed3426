export const DEFAULT_DISCOVERY_OPTIONS = {
  /**
   * Connections to other nodes that are sought. Raising it spreads items in fewer hops, for traffic
   * and memory per connection. Up to twice as many are kept when others connect.
   */
  degree: 8,
  /** Peers remembered at most. */
  maxKnown: 1_024,
  /** Addresses remembered of one peer at most. */
  maxAddresses: 8,
  /** Milliseconds between two reviews of the connections without an event. */
  tickMs: 5_000,
  /** Milliseconds a connection is left alone before it may be closed as surplus. */
  graceMs: 60_000,
  /** Milliseconds between two exchanges of a connection. Lowering it mixes a mesh faster. */
  rebalanceMs: 300_000,
  /** Milliseconds within which a peer that comes back after a surplus close counts as insisting. */
  insistMs: 600_000,
  /** Milliseconds for which others are dialled rather than a peer whose connection has ended. */
  shyMs: 60_000,
  /** Milliseconds a connection must last before the pauses start small again. */
  stableMs: 10_000,
  /** Milliseconds that dialling one peer, at all its addresses, may take. */
  dialTimeoutMs: 20_000,
  /** First pause in milliseconds after a failed dial, doubled with each further failure. */
  baseMs: 1_000,
  /** Longest such pause. Raising it bothers dead addresses less and finds them back later. */
  maxMs: 300_000,
  /** Part of each pause that chance may take away, 0 to 1. */
  jitter: 0.5,
  /**
   * Addresses a second that are dialled because a peer told of them, as long as they never led to a
   * peer. Raising it fills a new node's degree sooner where many are dead; forged ones cost more dials.
   */
  hearsayPerSecond: 1,
  /** Seconds of such dials that may be made at once after a pause. */
  hearsayBurstSeconds: 32,
  /** The same for each host, so that a mesh cannot be turned against it. Loopback is not counted. */
  hostPerSecond: 0.2,
  /** Seconds of such dials to one host at once. Raise it for many nodes behind one address. */
  hostBurstSeconds: 40,
  /** Milliseconds of silence after which a peer that cannot be reached is forgotten. */
  forgetMs: 86_400_000,
  /** Milliseconds between two announcements of this node while the mesh changes. */
  announceMs: 2_000,
  /** Milliseconds that each known peer adds to it, which bounds the announcements of a mesh. */
  announcePerPeerMs: 250,
  /** Milliseconds between two announcements once nothing has changed for long. */
  announceMaxMs: 60_000,
  /** Milliseconds that a change of the known peers waits for others before all are written. */
  saveMs: 5_000,
};

export type DiscoveryOptions = Readonly<typeof DEFAULT_DISCOVERY_OPTIONS>;
