export interface DiscoveryOptions {
  /**
   * Connections to other nodes that are sought. Raising it spreads items in fewer hops, for traffic
   * and memory per connection. Up to twice as many are kept when others connect.
   * @default 8
   */
  readonly degree: number;
  /**
   * Peers remembered at most.
   * @default 1_024
   */
  readonly maxKnown: number;
  /**
   * Addresses remembered of one peer at most.
   * @default 8
   */
  readonly maxAddresses: number;
  /**
   * Milliseconds between two looks at the connections when nothing happens.
   * @default 5_000
   */
  readonly tickMs: number;
  /**
   * Milliseconds a connection is left alone before it may be closed as surplus.
   * @default 60_000
   */
  readonly graceMs: number;
  /**
   * Milliseconds between two exchanges of one connection for one to another peer. Lowering it mixes
   * a mesh faster and disturbs it more.
   * @default 300_000
   */
  readonly rebalanceMs: number;
  /**
   * Milliseconds within which a peer that comes back after it was closed as surplus is taken to need
   * the connection.
   * @default 600_000
   */
  readonly insistMs: number;
  /**
   * Milliseconds for which others are dialled rather than a peer whose connection has ended.
   * @default 60_000
   */
  readonly shyMs: number;
  /**
   * Milliseconds a connection must last before the pauses start small again.
   * @default 10_000
   */
  readonly stableMs: number;
  /**
   * Milliseconds that dialling one peer, at all its addresses, may take.
   * @default 20_000
   */
  readonly dialTimeoutMs: number;
  /**
   * First pause in milliseconds after a peer could not be reached, doubled with each further failure.
   * @default 1_000
   */
  readonly baseMs: number;
  /**
   * Longest such pause. Raising it bothers dead addresses less and finds them back later.
   * @default 300_000
   */
  readonly maxMs: number;
  /**
   * Part of each pause that chance may take away, 0 to 1.
   * @default 0.5
   */
  readonly jitter: number;
  /**
   * Milliseconds of silence after which a peer that cannot be reached is forgotten.
   * @default 86_400_000
   */
  readonly forgetMs: number;
  /**
   * Milliseconds between two announcements of this node while the mesh changes.
   * @default 2_000
   */
  readonly announceMs: number;
  /**
   * Milliseconds that each known peer adds to it, so that the whole mesh makes so many in a second
   * and no more.
   * @default 250
   */
  readonly announcePerPeerMs: number;
  /**
   * Milliseconds between two announcements once nothing has changed for long.
   * @default 60_000
   */
  readonly announceMaxMs: number;
  /**
   * Milliseconds that a change of the known peers waits for others before all are written.
   * @default 5_000
   */
  readonly saveMs: number;
}

export const DEFAULT_DISCOVERY_OPTIONS: DiscoveryOptions = {
  degree: 8,
  maxKnown: 1_024,
  maxAddresses: 8,
  tickMs: 5_000,
  graceMs: 60_000,
  rebalanceMs: 300_000,
  insistMs: 600_000,
  shyMs: 60_000,
  stableMs: 10_000,
  dialTimeoutMs: 20_000,
  baseMs: 1_000,
  maxMs: 300_000,
  jitter: 0.5,
  forgetMs: 86_400_000,
  announceMs: 2_000,
  announcePerPeerMs: 250,
  announceMaxMs: 60_000,
  saveMs: 5_000,
};
