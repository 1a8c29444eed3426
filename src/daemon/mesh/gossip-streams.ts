import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub';
import type { Connection, PeerId, Topology } from '@libp2p/interface';

type Registrar = GossipSubComponents['registrar'];

export interface KeptGossipSub extends GossipSub {
  /** Whether something said now would go to the peer. */
  sendsTo(peer: string): boolean;
}

/** Of gossipsub's own records of how peers behave. */
interface Scores {
  readonly peerStats: ReadonlyMap<string, { connected: boolean; expire: number }>;
  addPeer(peer: string): void;
}

interface Speaker {
  readonly peerId: PeerId;
  readonly topology: Topology;
}

/**
 * Gossipsub opens one stream to a peer when that connects, and never another: without it nothing goes
 * to the peer any more. It ends before the peer does when a second connection to the peer is closed,
 * and when a peer that did not read is given up. Each heartbeat this opens what is missing again.
 */
export function keepStreams(
  create: (components: GossipSubComponents) => GossipSub,
  components: GossipSubComponents,
): KeptGossipSub {
  const speakers = new Map<string, Speaker>();
  const { privateKey, peerId, peerStore, connectionManager, logger } = components;
  const registrar = watched(components.registrar, speakers);
  const service = create({ privateKey, peerId, peerStore, connectionManager, logger, registrar });
  // In the class, not in the interface.
  const { streamsOutbound, score } = service as GossipSub & {
    readonly streamsOutbound: ReadonlyMap<string, unknown>;
    readonly score: Scores;
  };
  keepScores(score);
  service.addEventListener('gossipsub:heartbeat', () => {
    for (const [peer, speaker] of speakers) {
      if (!streamsOutbound.has(peer)) renew(speaker, connectionManager);
    }
  });
  return Object.assign(service, { sendsTo: (peer: string) => streamsOutbound.has(peer) });
}

/** Gossipsub keeps what it holds against a peer that goes, and forgets it when that comes back. */
function keepScores(score: Scores): void {
  const addPeer = score.addPeer.bind(score);
  score.addPeer = (peer) => {
    const known = score.peerStats.get(peer);
    if (known === undefined) addPeer(peer);
    else Object.assign(known, { connected: true, expire: 0 });
  };
}

/** The registrar as gossipsub uses it, with an ear for who speaks its protocols. */
function watched(registrar: Registrar, speakers: Map<string, Speaker>): Registrar {
  const used: Pick<Registrar, 'handle' | 'unhandle' | 'register' | 'unregister'> = {
    handle: (protocol, handler, options) => registrar.handle(protocol, handler, options),
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

function renew(
  { peerId, topology }: Speaker,
  manager: GossipSubComponents['connectionManager'],
): void {
  const connection = manager.getConnections(peerId).find(isUsable);
  if (connection !== undefined) topology.onConnect?.(peerId, connection);
}

function isUsable({ status, limits }: Connection): boolean {
  return status === 'open' && limits === undefined;
}
