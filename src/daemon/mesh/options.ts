export { DEFAULT_DISCOVERY_OPTIONS, type DiscoveryOptions } from './discovery/options.ts';

export const DEFAULT_MESH_OPTIONS = {
  /** Connections open at a time. Raising it costs memory and sockets. */
  maxConnections: 300,
  /** Connections one peer may have open here. Two meet in passing when both sides dial at once. */
  maxConnectionsPerPeer: 4,
  /**
   * Of `maxConnections`, at most half: kept free for configured peers and those on the access list.
   * Raising it leaves fewer to others.
   */
  reservedConnections: 32,
  /**
   * Inbound connections from one IP address. Raise it for many nodes behind one router. Loopback
   * addresses are not counted, here and for subnets.
   */
  maxConnectionsPerAddress: 16,
  /** Inbound connections from a /24 of IPv4 or a /64 of IPv6. */
  maxConnectionsPerSubnet: 64,
  /**
   * Milliseconds after which an identified peer is closed that speaks nothing of this network. Lowering
   * it frees places sooner.
   */
  strangerMs: 5_000,
  /**
   * Milliseconds that two connections of one identity, from two runs of a node, must both last until they
   * count as two nodes: longer than `pingIntervalMs` and `pingTimeoutMs` together.
   */
  twinMs: 30_000,
  /**
   * Milliseconds after its start in which a node ends if an older run with its identity proves itself. Raising it
   * also lets a thief of the identity key end the node for longer.
   */
  giveWayMs: 600_000,
  /**
   * Peers that libp2p's peer store remembers, connected ones never less. Known and configured peers are
   * forgotten last. Raising it costs some 20 KiB for each.
   */
  maxRememberedPeers: 512,
  /** Inbound connections that may be in their handshake at a time. */
  maxPendingInbound: 128,
  /** Inbound connections from one host in a second. Raise it for many nodes behind one address. */
  maxInboundPerSecond: 32,
  /** Streams one connection may have open, of all protocols together. */
  maxStreamsPerConnection: 128,
  /**
   * Bytes that a peer may have on their way on one stream; 256 KiB at least. Raising it speeds up long
   * links, and lets a peer fill more of a stream that is not read.
   */
  maxStreamWindowBytes: (1024 * 1024) as number,
  /**
   * Milliseconds for connecting and for the handshake, in either direction. In two of five cases a
   * wrong pre-shared key shows only by this timeout.
   */
  handshakeTimeoutMs: 6_000,
  /**
   * Milliseconds a connected peer may take to identify itself. Raising it is kinder to overloaded
   * peers; lowering it finds hanging ones sooner.
   */
  identifyTimeoutMs: 10_000,
  /** Milliseconds between two pings of a connection. */
  pingIntervalMs: 10_000,
  /** Milliseconds a ping may go unanswered, at least, before the connection is dropped. */
  pingTimeoutMs: 15_000,
  /** Milliseconds stopping may take before hanging connections are left behind. */
  stopTimeoutMs: 4_000,
};

export type MeshOptions = Readonly<typeof DEFAULT_MESH_OPTIONS>;

export const DEFAULT_DIALER_OPTIONS = {
  /** First pause in milliseconds after a failure, doubled with each further one in a row. */
  baseMs: 500,
  /** Longest pause in milliseconds. Raising it spares dead addresses and finds them back later. */
  maxMs: 60_000,
  /** Pause in milliseconds after an address led to this node itself. Lowering it finds others there sooner. */
  selfMs: 30_000,
  /** Part of each pause that chance may take away, 0 to 1, so that a mesh does not dial in step. */
  jitter: 0.5,
  /** Milliseconds a dial may take in all. */
  timeoutMs: 20_000,
  /** Milliseconds a connection must last before the pauses start small again. */
  stableMs: 10_000,
  /** Addresses kept at most; further ones are refused. */
  maxAddresses: 1_024,
};

export type DialerOptions = Readonly<typeof DEFAULT_DIALER_OPTIONS>;
