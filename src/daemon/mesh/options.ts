export { DEFAULT_DISCOVERY_OPTIONS, type DiscoveryOptions } from './discovery/options.ts';

export interface MeshOptions {
  /**
   * Connections open at a time. Raising it costs memory and sockets.
   * @default 300
   */
  readonly maxConnections: number;
  /**
   * Connections one peer may have open here. Two meet in passing when both sides dial at once.
   * @default 4
   */
  readonly maxConnectionsPerPeer: number;
  /**
   * Inbound connections that may be in their handshake at a time.
   * @default 32
   */
  readonly maxPendingInbound: number;
  /**
   * Inbound connections accepted from one host within a second. Raise it where many nodes sit behind
   * one address.
   * @default 32
   */
  readonly maxInboundPerSecond: number;
  /**
   * Streams one connection may have open, of all protocols together.
   * @default 128
   */
  readonly maxStreamsPerConnection: number;
  /**
   * Milliseconds for connecting and for the handshake, in either direction. A wrong pre-shared key
   * shows, in two of five cases, only by this running out.
   * @default 6_000
   */
  readonly handshakeTimeoutMs: number;
  /**
   * Milliseconds a connected peer may take to identify itself. Raising it is kinder to overloaded
   * peers; lowering it tells sooner that one hangs.
   * @default 10_000
   */
  readonly identifyTimeoutMs: number;
  /**
   * Milliseconds between two pings of a connection.
   * @default 10_000
   */
  readonly pingIntervalMs: number;
  /**
   * Milliseconds a ping may go unanswered, at least, before the connection is dropped.
   * @default 15_000
   */
  readonly pingTimeoutMs: number;
  /**
   * Milliseconds stopping may take before what hangs is left behind.
   * @default 4_000
   */
  readonly stopTimeoutMs: number;
}

export const DEFAULT_MESH_OPTIONS: MeshOptions = {
  maxConnections: 300,
  maxConnectionsPerPeer: 4,
  maxPendingInbound: 32,
  maxInboundPerSecond: 32,
  maxStreamsPerConnection: 128,
  handshakeTimeoutMs: 6_000,
  identifyTimeoutMs: 10_000,
  pingIntervalMs: 10_000,
  pingTimeoutMs: 15_000,
  stopTimeoutMs: 4_000,
};

export interface DialerOptions {
  /**
   * First pause in milliseconds after a failure, doubled with each further one in a row.
   * @default 500
   */
  readonly baseMs: number;
  /**
   * Longest pause in milliseconds. Raising it bothers dead addresses less and finds them back later.
   * @default 60_000
   */
  readonly maxMs: number;
  /**
   * Part of each pause that chance may take away, 0 to 1, so that a mesh does not dial in step.
   * @default 0.5
   */
  readonly jitter: number;
  /**
   * Milliseconds a dial may take in all.
   * @default 20_000
   */
  readonly timeoutMs: number;
  /**
   * Milliseconds a connection must last before the pauses start small again.
   * @default 10_000
   */
  readonly stableMs: number;
  /**
   * Addresses kept at most; further ones are refused.
   * @default 1_024
   */
  readonly maxAddresses: number;
}

export const DEFAULT_DIALER_OPTIONS: DialerOptions = {
  baseMs: 500,
  maxMs: 60_000,
  jitter: 0.5,
  timeoutMs: 20_000,
  stableMs: 10_000,
  maxAddresses: 1_024,
};
