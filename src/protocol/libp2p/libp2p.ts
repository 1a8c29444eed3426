import type {
  Connection,
  PeerId,
  PeerStore,
  Stream,
  StreamHandler,
  StreamHandlerOptions,
  Topology,
} from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { ByteBudget } from '../budgets/index.ts';
import { ProtocolError } from '../errors.ts';
import type { Knows } from '../knows.ts';
import type {
  Channel,
  ChannelHandler,
  ChannelInit,
  Network,
  OpenInit,
  PeerWatcher,
} from '../network/index.ts';
import { BEGUN_BYTES, MAX_INBOUND, toProtocolError, UNREAD_BYTES } from '../network/index.ts';
import { StreamChannel, type StreamChannelInit } from './stream-channel.ts';
import { TopologyWatch } from './topology-watch.ts';

/** The parts of a libp2p node that `libp2pNetwork` uses. */
export interface Libp2pComponents {
  peerId: PeerId;
  registrar: {
    handle(protocol: string, handler: StreamHandler, init?: StreamHandlerOptions): Promise<void>;
    unhandle(protocol: string): Promise<void>;
    register(protocol: string, topology: Topology): Promise<string>;
    unregister(id: string): void;
  };
  connectionManager: { getConnections(peer?: PeerId): Connection[] };
  peerStore: Pick<PeerStore, 'get'>;
}

/** Whom the network over a libp2p node favours. */
export interface Libp2pNetworkInit {
  /**
   * Peers that a quarter of the memory for begun frames is kept for, or room for one frame of theirs.
   * @default none; nothing is kept
   */
  knows?: Knows;
}

/** The `Network` port over a libp2p node. Peers are known by the text form of their peer ids. */
export function libp2pNetwork(components: Libp2pComponents, init: Libp2pNetworkInit = {}): Network {
  return new Libp2pNetwork(components, init);
}

class Libp2pNetwork implements Network {
  readonly self: string;
  readonly #components: Libp2pComponents;
  readonly #begun: ByteBudget;
  readonly #unread: ByteBudget;

  constructor(components: Libp2pComponents, { knows }: Libp2pNetworkInit) {
    this.#components = components;
    const budget = (totalBytes: number, holderBytes: number): ByteBudget =>
      new ByteBudget({ totalBytes, holderBytes, ...(knows !== undefined && { knows }) });
    this.#begun = budget(BEGUN_BYTES, BEGUN_BYTES / 2);
    this.#unread = budget(UNREAD_BYTES, UNREAD_BYTES / 8);
    this.self = components.peerId.toString();
  }

  async handle(protocol: string, handler: ChannelHandler, init: ChannelInit): Promise<void> {
    const maxInboundStreams = init.maxInbound ?? MAX_INBOUND;
    const open = new Map<string, number>();
    const onStream: StreamHandler = (stream, connection) => {
      const peer = connection.remotePeer.toString();
      // libp2p counts per connection; a peer may have several.
      if ((open.get(peer) ?? 0) >= maxInboundStreams) {
        stream.abort(new ProtocolError('BUSY', `more than ${maxInboundStreams} inbound streams`));
        return;
      }
      const leave = enter(open, peer);
      const memory = { begun: this.#begun, unread: this.#unread };
      const channel = new StreamChannel(stream, peer, { ...init, ...memory });
      // Not awaited: libp2p would hold its own state for the stream until then.
      void Promise.all([serve(channel, handler), untilClosed(stream)]).then(leave);
    };
    await this.#components.registrar.handle(protocol, onStream, { maxInboundStreams });
  }

  async unhandle(protocol: string): Promise<void> {
    await this.#components.registrar.unhandle(protocol);
  }

  async open(peer: string, protocol: string, init: OpenInit): Promise<Channel> {
    return openOn(this.#connection(peer), protocol, { ...init, begun: this.#begun });
  }

  async watch(protocol: string, watcher: PeerWatcher): Promise<() => void> {
    const { registrar, connectionManager, peerStore } = this.#components;
    const watch = new TopologyWatch(watcher);
    const id = await registrar.register(protocol, watch);
    for (const connection of connectionManager.getConnections()) {
      const known = await peerStore.get(connection.remotePeer).catch(() => undefined);
      if (known?.protocols.includes(protocol) === true) {
        watch.onConnect(connection.remotePeer, connection);
      }
    }
    return () => {
      watch.stop();
      registrar.unregister(id);
    };
  }

  #connection(peer: string): Connection {
    const usable = this.#connections(peer).find(
      ({ status, limits }) => status === 'open' && limits === undefined,
    );
    if (usable !== undefined) return usable;
    throw new ProtocolError('UNKNOWN_PEER', `${peer} is not connected`);
  }

  #connections(peer: string): Connection[] {
    try {
      return this.#components.connectionManager.getConnections(peerIdFromString(peer));
    } catch (cause) {
      throw new ProtocolError('UNKNOWN_PEER', `${peer} is not a peer id`, { cause });
    }
  }
}

/**
 * Opens a channel on this very connection, for a peer that has several. Frames have at most 64 KiB. Rejects
 * with `ProtocolError`.
 */
export function openChannel(
  connection: Connection,
  protocol: string,
  init: OpenInit,
): Promise<Channel> {
  return openOn(connection, protocol, { ...init, begun: { tryTake: () => null } });
}

async function openOn(
  connection: Connection,
  protocol: string,
  init: OpenInit & StreamChannelInit,
): Promise<Channel> {
  const { signal } = init;
  try {
    signal?.throwIfAborted();
    const stream = await connection.newStream([protocol], signal === undefined ? {} : { signal });
    const channel = new StreamChannel(stream, connection.remotePeer.toString(), init);
    if (signal?.aborted === true) channel.abort(toProtocolError(signal.reason, 'called off'));
    signal?.throwIfAborted();
    return channel;
  } catch (error) {
    const cause = signal?.aborted === true ? signal.reason : error;
    throw toProtocolError(cause, `cannot open a stream for ${protocol}`);
  }
}

function enter(open: Map<string, number>, peer: string): () => void {
  open.set(peer, (open.get(peer) ?? 0) + 1);
  return () => {
    const left = (open.get(peer) ?? 0) - 1;
    if (left > 0) open.set(peer, left);
    else open.delete(peer);
  };
}

function untilClosed(stream: Stream): Promise<void> {
  return new Promise((resolve) => {
    const isOpen = stream.status === 'open' || stream.status === 'closing';
    if (isOpen) stream.addEventListener('close', () => resolve(), { once: true });
    else resolve();
  });
}

async function serve(channel: Channel, handler: ChannelHandler): Promise<void> {
  try {
    await handler(channel);
    channel.abort(new ProtocolError('ABORTED', 'the handler left the channel open'));
  } catch (error) {
    channel.abort(toProtocolError(error, 'the channel was given up'));
  }
}
