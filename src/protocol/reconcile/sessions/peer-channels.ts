import { ProtocolError } from '../../errors.ts';
import type { Channel, ChannelInit, Network } from '../../network/index.ts';
import { protocolId } from '../../protocol-id.ts';
import type { Dialect } from '../dialect.ts';
import { DEFAULT_SESSION_LIMITS } from '../options.ts';
import {
  type OpenChannel,
  PeerStream,
  type PeerStreamEvents,
  type SessionSlot,
} from './peer-stream.ts';
import type { ReconcileEvents, ReconcileInit } from './types.ts';

/** A peer may open its next stream while the end of the first is still in our queue. */
const MAX_INBOUND_STREAMS = 2;

/** A channel on which a peer begins a session. */
export interface InboundSession {
  readonly channel: OpenChannel;
  readonly dialect: Dialect;
  /** The stream, where it lasts. */
  readonly stream?: PeerStream;
  /** On the monotonic clock: the peer began the session no earlier. */
  readonly since: number;
}

export interface PeerChannelEvents
  extends Pick<ReconcileEvents, 'peerConnected' | 'peerDisconnected'> {
  /** A peer begins a session; settles when that has ended. */
  inbound(inbound: InboundSession): Promise<void>;
}

/** The dialects of each connected peer, and its streams; at most one lasting stream is kept. */
export class PeerChannels implements PeerStreamEvents {
  readonly #network: Network;
  readonly #init: Pick<ReconcileInit, 'dialects' | 'networkName' | 'clock'>;
  readonly #events: PeerChannelEvents;
  readonly #channelInit: ChannelInit;
  readonly #protocols: ReadonlyMap<Dialect, string>;
  readonly #spoken = new Map<string, Set<Dialect>>();
  readonly #streams = new Map<string, PeerStream>();
  #unwatch: (() => void)[] = [];

  /** Throws `INVALID_NETWORK_NAME`. */
  constructor(network: Network, init: ReconcileInit, events: PeerChannelEvents) {
    this.#network = network;
    this.#init = init;
    this.#events = events;
    this.#channelInit = {
      maxFrameBytes:
        init.options?.limits?.maxInboundBytes ?? DEFAULT_SESSION_LIMITS.maxInboundBytes,
      maxInbound: MAX_INBOUND_STREAMS,
    };
    this.#protocols = new Map(
      init.dialects.map((dialect) => [
        dialect,
        protocolId(init.networkName, dialect.name, dialect.version),
      ]),
    );
  }

  #limits({ maxFrameBytes }: Dialect): ChannelInit {
    return { ...this.#channelInit, ...(maxFrameBytes !== undefined && { maxFrameBytes }) };
  }

  get self(): string {
    return this.#network.self;
  }

  get peers(): readonly string[] {
    return [...this.#spoken.keys()];
  }

  isConnected(peer: string): boolean {
    return this.#spoken.has(peer);
  }

  async start(): Promise<void> {
    for (const [dialect, protocol] of this.#protocols) {
      await this.#network.handle(
        protocol,
        (channel) => this.#serve(channel, dialect),
        this.#limits(dialect),
      );
    }
    for (const [dialect, protocol] of this.#protocols) {
      const unwatch = await this.#network.watch(protocol, {
        connected: (peer) => this.#connected(peer, dialect),
        disconnected: (peer) => this.#disconnected(peer, dialect),
      });
      this.#unwatch.push(unwatch);
    }
  }

  /** Peers can begin no more sessions; streams continue until `close`. */
  async stop(): Promise<void> {
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    for (const protocol of this.#protocols.values()) await this.#network.unhandle(protocol);
  }

  /** Ends all kept streams and forgets all peers. */
  close(error: ProtocolError): void {
    for (const peer of [...this.#streams.keys()]) this.abort(peer, error);
    this.#spoken.clear();
  }

  abort(peer: string, error: ProtocolError): void {
    this.#streams.get(peer)?.abort(error);
  }

  /** The dialect to speak with a peer; throws `UNKNOWN_PEER`. */
  dialect(peer: string): Dialect {
    const spoken = this.#spoken.get(peer);
    const best = this.#init.dialects.find((dialect) => spoken?.has(dialect));
    if (best !== undefined) return best;
    throw new ProtocolError(
      'UNKNOWN_PEER',
      `${peer} is not connected, or speaks no dialect of network ${this.#init.networkName}`,
    );
  }

  /** A new stream, or a slot on the kept stream where no session runs on it. */
  async open(peer: string, dialect: Dialect, signal: AbortSignal): Promise<OpenChannel> {
    const kept = dialect.lasting === true ? this.#streams.get(peer) : undefined;
    if (kept?.idle === true) return kept.call();
    const protocol = this.#protocols.get(dialect)!;
    const channel = await this.#network.open(peer, protocol, { ...this.#limits(dialect), signal });
    if (dialect.lasting !== true) return channel;
    const stream = this.#stream(channel, dialect);
    const slot = stream.call();
    this.keep(stream);
    return slot;
  }

  /** Replaces the kept stream of the peer. */
  keep(stream: PeerStream | undefined): void {
    if (stream === undefined) return;
    const old = this.#streams.get(stream.peer);
    if (old === stream) return;
    this.#streams.set(stream.peer, stream);
    void old?.close();
  }

  inbound(stream: PeerStream, slot: SessionSlot): Promise<void> {
    const { dialect } = stream;
    return this.#events.inbound({ channel: slot, dialect, stream, since: slot.since });
  }

  ended(stream: PeerStream): void {
    if (this.#streams.get(stream.peer) === stream) this.#streams.delete(stream.peer);
  }

  /** Serves a stream that a peer has opened, for as long as it lasts. */
  async #serve(channel: Channel, dialect: Dialect): Promise<void> {
    if (dialect.lasting !== true) {
      const since = this.#init.clock.monotonic();
      return this.#events.inbound({ channel, dialect, since });
    }
    const stream = this.#stream(channel, dialect);
    await this.inbound(stream, stream.serve());
    await stream.over;
  }

  #stream(channel: Channel, dialect: Dialect): PeerStream {
    const { clock } = this.#init;
    return new PeerStream({ self: this.self, channel, dialect, events: this, clock });
  }

  #connected(peer: string, dialect: Dialect): void {
    const spoken = this.#spoken.get(peer);
    spoken?.add(dialect);
    if (spoken !== undefined) return;
    this.#spoken.set(peer, new Set([dialect]));
    this.#events.peerConnected(peer);
  }

  #disconnected(peer: string, dialect: Dialect): void {
    const spoken = this.#spoken.get(peer);
    if (spoken?.delete(dialect) !== true || spoken.size > 0) return;
    this.#spoken.delete(peer);
    this.#events.peerDisconnected(peer);
  }
}
