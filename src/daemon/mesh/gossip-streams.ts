import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub';
import type { Connection, PeerId, Topology } from '@libp2p/interface';
import type { TrafficMeter } from '../../protocol/index.ts';
import { type GossipGuard, GossipOutbox, type GossipOutStream } from '../../protocol/libp2p.ts';

type Registrar = GossipSubComponents['registrar'];

export interface KeptGossipSub extends GossipSub {
  /** Whether a message published now would go to the peer. */
  sendsTo(peer: string): boolean;
}

/** A part of gossipsub's records of how peers behave. */
interface Scores {
  readonly peerStats: Map<string, { connected: boolean; expire: number; knownIPs: Set<string> }>;
  readonly scoreCache: Map<string, unknown>;
  addPeer(peer: string): void;
  removeIPsForPeer(peer: string, ips: Set<string>): void;
}

/** Bytes held for all peers that do not read, besides 64 KiB for each. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024;

/** Scores of disconnected peers kept at most; identities cost nothing. */
const MAX_SCORES = 512;

interface Speaker {
  readonly peerId: PeerId;
  readonly topology: Topology;
}

/**
 * Gossipsub opens one stream to a peer at its connection, and never another: without it nothing goes to
 * the peer any more. The stream ends early when a second connection to the peer is closed, and when the
 * peer does not read. Here each heartbeat opens missing streams again.
 */
export function keepStreams(
  create: (components: GossipSubComponents) => GossipSub,
  components: GossipSubComponents,
  guard: Pick<GossipGuard, 'watch' | 'look'>,
  traffic?: Pick<TrafficMeter, 'charge'>,
): KeptGossipSub {
  const speakers = new Map<string, Speaker>();
  const { privateKey, peerId, peerStore, connectionManager, logger } = components;
  const registrar = watched(components.registrar, speakers, guard);
  const service = create({ privateKey, peerId, peerStore, connectionManager, logger, registrar });
  // In the class, not in the interface.
  const { streamsOutbound, score } = service as GossipSub & {
    readonly streamsOutbound: Map<string, GossipOutStream>;
    readonly score: Scores;
  };
  boundOutbox(streamsOutbound, (peer, bytes) => traffic?.charge('upload', peer, bytes));
  keepScores(score);
  splitAnswers(service as GossipSub & RpcSender);
  service.addEventListener('gossipsub:heartbeat', () => {
    guard.look();
    for (const [peer, { peerId, topology }] of speakers) {
      if (streamsOutbound.has(peer)) continue;
      const connection = connectionManager.getConnections(peerId).find(isUsable);
      if (connection !== undefined) topology.onConnect?.(peerId, connection);
    }
  });
  return Object.assign(service, { sendsTo: (peer: string) => streamsOutbound.has(peer) });
}

function boundOutbox(
  streams: Map<string, GossipOutStream>,
  sent: (peer: string, bytes: number) => void,
): void {
  const outbox = new GossipOutbox(streams, MAX_UNREAD_BYTES);
  const set = streams.set.bind(streams);
  streams.set = (peer, stream) => {
    outbox.watch(stream, (bytes) => sent(peer, bytes));
    return set(peer, stream);
  };
}

/**
 * Gossipsub forgets the score of a peer when that comes back; here it is kept. Gossipsub also keeps the
 * scores of all peers that left for a while, and never clears its cache; here both are bounded.
 */
function keepScores(score: Scores): void {
  const addPeer = score.addPeer.bind(score);
  score.addPeer = (peer) => {
    const known = score.peerStats.get(peer);
    if (known !== undefined) {
      Object.assign(known, { connected: true, expire: 0 });
      return;
    }
    addPeer(peer);
    forgetScores(score);
  };
}

/** A part of gossipsub's class. */
interface RpcSender {
  sendRpc(peer: string, rpc: Rpc): boolean;
}

interface Rpc {
  readonly subscriptions: readonly unknown[];
  readonly messages: readonly { readonly data?: Uint8Array }[];
}

/** Messages in an RPC, in bytes: with offers of messages beside them they fit the longest RPC. */
const MESSAGES_BYTES = 192 * 1024;
const MESSAGE_OVERHEAD = 512;

/** Gossipsub puts all messages that a peer missed into one RPC; here they come in several. */
function splitAnswers(service: RpcSender): void {
  const sendRpc = service.sendRpc.bind(service);
  service.sendRpc = (peer, rpc) => {
    const [first = [], ...others] = grouped(rpc.messages);
    const sent = sendRpc(peer, { ...rpc, messages: first });
    for (const messages of others) sendRpc(peer, { subscriptions: [], messages });
    return sent;
  };
}

function grouped(messages: Rpc['messages']): Rpc['messages'][] {
  const groups: Rpc['messages'][number][][] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = (message.data?.length ?? 0) + MESSAGE_OVERHEAD;
    if (bytes > room) {
      groups.push([]);
      room = MESSAGES_BYTES;
    }
    groups.at(-1)!.push(message);
    room -= bytes;
  }
  return groups;
}

function forgetScores(score: Scores): void {
  const { peerStats, scoreCache } = score;
  const left = [...peerStats].filter(([, { connected }]) => !connected);
  for (const [peer, { knownIPs }] of left.slice(0, Math.max(0, left.length - MAX_SCORES))) {
    score.removeIPsForPeer(peer, knownIPs);
    peerStats.delete(peer);
  }
  for (const peer of scoreCache.keys()) if (!peerStats.has(peer)) scoreCache.delete(peer);
}

/** The registrar as gossipsub uses it, which also notes the peers that speak its protocols. */
function watched(
  registrar: Registrar,
  speakers: Map<string, Speaker>,
  guard: Pick<GossipGuard, 'watch'>,
): Registrar {
  const used: Pick<Registrar, 'handle' | 'unhandle' | 'register' | 'unregister'> = {
    handle: (protocol, handler, options) =>
      registrar.handle(
        protocol,
        (stream, connection) => {
          void handler(stream, connection);
          guard.watch(connection.remotePeer.toString(), stream);
        },
        options,
      ),
    unhandle: (protocol) => registrar.unhandle(protocol),
    register: (protocol, topology) =>
      registrar.register(protocol, {
        ...topology,
        onConnect(peerId, connection) {
          speakers.set(peerId.toString(), { peerId, topology });
          topology.onConnect?.(peerId, connection);
        },
        onDisconnect(peerId) {
          speakers.delete(peerId.toString());
          topology.onDisconnect?.(peerId);
        },
      }),
    unregister: (id) => registrar.unregister(id),
  };
  return used as Registrar;
}

function isUsable({ status, limits }: Connection): boolean {
  return status === 'open' && limits === undefined;
}
