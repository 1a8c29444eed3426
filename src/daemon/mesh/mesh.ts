import type { Libp2p, ServiceMap } from '@libp2p/interface';
import { announceTopic, CLOCK_PROTOCOL, type Knows, protocolId } from '../../protocol/index.ts';
import { libp2pNetwork } from '../../protocol/libp2p.ts';
import type { Identity } from '../keys/index.ts';
import type { Logger } from '../logging.ts';
import { parseListenAddress, parsePeerAddress } from '../peer-address.ts';
import { AccessList, type AccessLists, createGater, warnOfOpenAccess } from './access.ts';
import {
  allowedHostsOf,
  HearsayDial,
  InboundSlots,
  type InboundSlotsInit,
  PeerTable,
} from './bounds/index.ts';
import { Connections } from './connections.ts';
import { type Dial, Dialer, dialUntil, libp2pDial } from './dialling/index.ts';
import { Discovery } from './discovery/index.ts';
import { inboundFailures } from './inbound-failures.ts';
import type { MeshInit } from './init.ts';
import { assemble, type MeshServices, startListening, stopWithin } from './libp2p.ts';
import { Notices } from './notices.ts';
import { DEFAULT_DISCOVERY_OPTIONS, DEFAULT_MESH_OPTIONS, type MeshOptions } from './options.ts';
import { privateNetworkOf } from './private-network/index.ts';
import { discoveryTopic } from './pubsub.ts';
import { PeerTroubles, RUN_BYTES, SelfMeetings, SpokenProtocols } from './standing/index.ts';
import { TWIN_PROTOCOL, TwinProver, type TwinProverInit } from './twins/index.ts';

interface MeshParts<S extends ServiceMap> {
  readonly libp2p: Libp2p<S & MeshServices>;
  readonly connections: Connections;
  readonly troubles: PeerTroubles;
  readonly spoken: SpokenProtocols;
  readonly dialer: Dialer;
  readonly discovery: Discovery;
  readonly logger: Logger;
  readonly list: AccessList;
  readonly dial: Dial;
  readonly names: Knows;
  readonly twins: TwinProver;
}

/** Puts libp2p, access and dialling together; nothing listens or dials before `start`. */
export async function createMesh<S extends ServiceMap>(init: MeshInit<S>): Promise<Mesh<S>> {
  const options = { ...DEFAULT_MESH_OPTIONS, ...init.options };
  const { clock, access } = init;
  const logger = init.logger.child({ component: 'mesh' });
  const notices = new Notices({ clock, logger, noticed: init.noticed });
  const troubles = new PeerTroubles({ clock, notices });
  const meetings = new SelfMeetings({ clock });
  const run = init.random.bytes(RUN_BYTES);
  const slots = new InboundSlots(options);
  const list = new AccessList(access, init.banned);
  const names: Knows = (peer) => list.lists(peer) || dialer.keeps(peer);
  const libp2p = await assemble<S>({
    ...init,
    options,
    logger,
    listen: init.listen.map(listenText),
    announce: (init.announce ?? []).map(listenText),
    knows: names,
    protector: privateNetworkOf({ ...init, notices }),
    gater: createGater({
      access: list,
      notices,
      connectionsTo: (peer) => connections.count(peer),
      connectionsToOthers: () => connections.countWithout(names),
      names,
      takeSlot: (connection) => slots.take(connection),
      options,
    }),
    run,
    onInboundFailure: inboundFailures({
      mode: access.mode,
      notices,
      logger,
      isOwnDial: () => meetings.cameIn(),
    }),
    foundLocally: init.mdns ? (peer, addresses) => discovery.foundLocally(peer, addresses) : null,
  });
  const prefix = protocolId(init.networkName, '');
  const twinProtocol = protocolId(init.networkName, ...TWIN_PROTOCOL);
  const apart = [twinProtocol, protocolId(init.networkName, ...CLOCK_PROTOCOL)];
  const ours = (protocols: readonly string[]) =>
    protocols.some((id) => id.startsWith(prefix) && !apart.includes(id));
  const hears = (peer: string) => subscribes(libp2p, init.networkName, peer);
  const { dialects } = init;
  const connections = new Connections({
    ...{ libp2p, clock, logger, notices, troubles, ours, hears, twinProtocol },
    speaks: (protocols) => dialects === undefined || protocols.some((id) => dialects.includes(id)),
    ...options,
  });
  const brought = (peer: string) => init.brought?.(peer) === true;
  const dial = libp2pDial({ libp2p, connections, mode: access.mode, brought, meetings });
  const dialer = new Dialer({ ...init, dial, logger, notices, options: init.dialer ?? {} });
  for (const peer of init.peers) {
    if (parsePeerAddress(peer).peerId !== init.identity.peerId) dialer.add(peer);
  }
  const spoken = new SpokenProtocols(libp2p);
  const found = { libp2p, connections, troubles, spoken, dialer, logger, list, dial };
  const discovery = createDiscovery(init, { ...found, notices, knows: names });
  new PeerTable({
    libp2p,
    maxRememberedPeers: options.maxRememberedPeers,
    isConnected: (peer) => connections.count(peer) > 0,
    isKept: (peer) => names(peer) || discovery.knows(peer),
  });
  const own = { ...init, ...options, libp2p, notices, run, knows: names };
  const twins = createProver({ ...own, protocol: twinProtocol });
  return new Mesh(init, options, { ...found, discovery, names, twins });
}

function createProver(
  init: Omit<TwinProverInit, 'network' | 'key'> & {
    readonly libp2p: Libp2p;
    readonly identity: Identity;
  },
): TwinProver {
  const { libp2p, identity } = init;
  const { peerId, peerStore } = libp2p;
  const components = { peerId, peerStore, registrar: libp2p, connectionManager: libp2p };
  return new TwinProver({
    ...init,
    network: libp2pNetwork(components, init),
    key: identity.privateKey,
  });
}

/** Whether the peer takes part in gossip of the network. */
function subscribes(libp2p: Libp2p<MeshServices>, networkName: string, peer: string): boolean {
  return [announceTopic(networkName), discoveryTopic(networkName)].some((topic) =>
    libp2p.services.pubsub.getSubscribers(topic).some((id) => id.toString() === peer),
  );
}

function createDiscovery<S extends ServiceMap>(
  init: MeshInit<S>,
  found: Omit<MeshParts<S>, 'discovery' | 'names' | 'twins'> & {
    readonly notices: Notices;
    readonly knows: Knows;
  },
): Discovery {
  const { connections, dialer } = found;
  const libp2p: Libp2p<MeshServices> = found.libp2p;
  const gossips = init.discovery === true;
  const topic = discoveryTopic(init.networkName);
  const service = libp2p.services.pubsub;
  const fetches = protocolId(init.networkName, 'fetch', '');
  const allowedHosts = allowedHostsOf(init);
  const options = { ...DEFAULT_DISCOVERY_OPTIONS, ...init.peering };
  const discovery = new Discovery({
    ...found,
    dial: new HearsayDial({ ...init, dial: found.dial, allowed: allowedHosts, options }),
    clock: init.clock,
    random: init.random,
    self: libp2p.peerId,
    gossip: gossips ? { service, topic } : null,
    active: gossips || init.mdns,
    file: init.peersFile ?? null,
    allowed: found.list.allows,
    addresses: () => libp2p.getMultiaddrs(),
    forged: (peer) => init.misbehaved?.(peer, 'FORGED_RECORD'),
    allowedHosts,
    neighbours: {
      connected() {
        const hearing = new Set(service.getSubscribers(topic).map(String));
        const { ours, peers } = connections;
        return [...peers.keys()].filter((peer) => ours.has(peer) || hearing.has(peer));
      },
      configured: (peer) => dialer.keeps(peer),
      busy: (peer) => init.busy?.(peer) === true || connections.serves(peer, fetches),
      close: (peer) => connections.close(peer),
    },
    options,
  });
  libp2p.addEventListener('self:peer:update', () => discovery.addressesChanged());
  return discovery;
}

const NOT_ALLOWED = new Error('the access lists do not let this peer in any more');

/** This node among its peers. */
export class Mesh<S extends ServiceMap = ServiceMap> {
  readonly libp2p: Libp2p<S & MeshServices>;
  readonly connections: Connections;
  readonly troubles: PeerTroubles;
  readonly spoken: SpokenProtocols;
  readonly dialer: Dialer;
  readonly discovery: Discovery;
  /**
   * Whether the operator names the peer: by an address that is kept connected, until that is removed,
   * or in the access list. Places and work are kept for such peers.
   */
  readonly names: Knows;
  readonly twins: TwinProver;
  readonly #init: Pick<MeshInit<S>, 'access' | 'clock' | 'listen'>;
  readonly #options: MeshOptions;
  readonly #list: AccessList;
  readonly #dial: Dial;
  readonly #logger: Logger;

  constructor(
    init: Pick<MeshInit<S>, 'access' | 'clock' | 'listen'>,
    options: MeshOptions,
    parts: MeshParts<S>,
  ) {
    this.libp2p = parts.libp2p;
    this.connections = parts.connections;
    this.troubles = parts.troubles;
    this.spoken = parts.spoken;
    this.dialer = parts.dialer;
    this.discovery = parts.discovery;
    this.names = parts.names;
    this.twins = parts.twins;
    this.#init = init;
    this.#options = options;
    this.#list = parts.list;
    this.#dial = parts.dial;
    this.#logger = parts.logger;
  }

  get peerId(): string {
    return this.libp2p.peerId.toString();
  }

  /** Addresses to reach this node at, each with its peer id. */
  get addresses(): string[] {
    return this.libp2p.getMultiaddrs().map(String);
  }

  /** Listens and begins to dial; rejects with `LISTEN_FAILED`. */
  async start(): Promise<void> {
    const { access, listen } = this.#init;
    warnOfOpenAccess(access, listen.map(parseListenAddress), this.#logger);
    await this.twins.start();
    await startListening(this.libp2p, listen);
    this.#logger.info({ peer: this.peerId, addresses: this.addresses }, 'listening');
    this.dialer.start();
    await this.discovery.start();
  }

  /**
   * Forgets a peer that is not connected; resolves with the addresses that are not dialled any more, or with
   * null if nothing was known of it.
   */
  async forget(peer: string): Promise<string[] | null> {
    const kept = this.dialer.keeps(peer);
    const removed = this.dialer.forget(peer);
    const known = await this.discovery.forget(peer);
    return kept || known ? removed : null;
  }

  /** Dials once; resolves with the peer there, which may be this node. Rejects with `DaemonError`. */
  probe(address: string, signal: AbortSignal): Promise<string> {
    return dialUntil(this.#dial, address, signal);
  }

  /** Whether the access lists let the peer in. */
  readonly allows = (peer: string): boolean => this.#list.admits(peer);

  /**
   * Checks other access lists; the result puts them in place, and cuts off all peers that they keep out.
   * Throws `CONFIG_INVALID`.
   */
  prepareAccess(lists: AccessLists): () => void {
    const replace = this.#list.prepare(lists);
    return () => {
      replace();
      this.cutOff();
    };
  }

  /** Closes the connections of peers that may not connect any more. */
  cutOff(): void {
    for (const connection of this.libp2p.getConnections()) {
      if (!this.#list.allows(connection.remotePeer)) connection.abort(NOT_ALLOWED);
    }
  }

  /** Bounds the inbound connections of one address and of one subnet from now on. Open ones stay. */
  setInboundLimits(limits: InboundSlotsInit): void {
    Object.assign(this.#options, limits);
  }

  /** Closes everything, within seconds even where peers hang. */
  async stop(): Promise<void> {
    await this.twins.stop();
    this.dialer.stop();
    await this.discovery.stop();
    this.connections.stop();
    await stopWithin(this.libp2p, this.#init.clock, this.#options.stopTimeoutMs, this.#logger);
  }
}

function listenText(address: string): string {
  return parseListenAddress(address).toString();
}
