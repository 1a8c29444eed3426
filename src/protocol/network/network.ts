import type { ProtocolError } from '../errors.ts';

/**
 * What the services ask of the network: framed, reliable, ordered channels to peers known by a
 * string id. libp2p fills it in the daemon, in-memory links fill it in a simulator.
 */
export interface Network {
  /** The id of this node. */
  readonly self: string;
  /**
   * Serves `protocol`; every inbound channel is handed to `handler`. The channel is the handler's
   * until its promise settles; what is still open then is aborted.
   */
  handle(protocol: string, handler: ChannelHandler, init: ChannelInit): Promise<void>;
  unhandle(protocol: string): Promise<void>;
  /** Opens a channel to a connected peer, or rejects with `ProtocolError`. Never dials. */
  open(peer: string, protocol: string, init: OpenInit): Promise<Channel>;
  /**
   * Calls back as peers that speak `protocol` come and go, also for those that are there already;
   * returns the way to stop that.
   */
  watch(protocol: string, watcher: PeerWatcher): Promise<() => void>;
}

/** Takes the inbound channels of a protocol. */
export type ChannelHandler = (channel: Channel) => void | Promise<void>;

/** Hears which peers speak a protocol. */
export interface PeerWatcher {
  connected(peer: string): void;
  disconnected(peer: string): void;
}

/** Bounds of the channels of a protocol. */
export interface ChannelInit {
  /** Longest frame accepted from the peer, in bytes; a longer one aborts the channel. */
  maxFrameBytes: number;
  /**
   * Channels of this protocol one peer may have here at a time. A channel counts until it is closed and
   * its handler has settled. Raising it lets one peer make us do more at once.
   * @default 1
   */
  maxInbound?: number;
  /**
   * Bytes held unread before the peer is told to wait. Raising it costs memory a channel. A frame
   * that somebody waits for may be longer.
   * @default 1 MiB
   */
  receiveWindowBytes?: number;
}

/** Bounds of a channel that is opened here. */
export interface OpenInit extends ChannelInit {
  /** Calls the opening off; afterwards it means nothing. A `ProtocolError` as reason is passed on. */
  signal?: AbortSignal;
}

/** A channel of a session, which sends and takes one frame at a time. */
export type SessionChannel = Omit<Channel, 'ready' | 'sendAll' | 'broken'>;

/** A bidirectional sequence of frames to one peer. */
export interface Channel {
  readonly peer: string;
  /** Bytes sent and received so far, length prefixes included. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Aborts with the `ProtocolError` that broke the channel, so that work for it need not wait for its turn. */
  readonly broken: AbortSignal;
  /** Resolves once the transport will take another frame; rejects with `ProtocolError`. */
  send(frame: Uint8Array): Promise<void>;
  /** Sends several at once: each write costs both sides some 50 microseconds, however little it holds. */
  sendAll(frames: readonly Uint8Array[]): Promise<void>;
  /**
   * The next frame, or null once the peer has closed its side; rejects with `ProtocolError`. One
   * call at a time.
   */
  receive(): Promise<Uint8Array | null>;
  /**
   * The frames behind it that have come already, as many as have `maxBytes` together with their
   * prefixes; they may share memory. What is wrong with one is told by the next `receive`.
   */
  ready(maxBytes: number): readonly Uint8Array[];
  /** Closes our side; what was sent still arrives. Rejects with `ProtocolError`. */
  close(): Promise<void>;
  /** Drops everything at once; every wait on the channel is rejected with `error`. Idempotent. */
  abort(error: ProtocolError): void;
}
