import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub';
import type { Connection, PeerId, Topology } from '@libp2p/interface';

type Registrar = GossipSubComponents['registrar'];

export interface KeptGossipSub extends GossipSub {
  /** Whether a message published now would go to the peer. */
  sendsTo(peer: string): boolean;
}

/** A part of gossipsub's records of how peers behave. */
interface Scores {
  readonly peerStats: ReadonlyMap<string, { connected: boolean; expire: number }>;
  addPeer(peer: string): void;
}

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
    for (const [peer, { peerId, topology }] of speakers) {
      if (streamsOutbound.has(peer)) continue;
      const connection = connectionManager.getConnections(peerId).find(isUsable);
      if (connection !== undefined) topology.onConnect?.(peerId, connection);
    }
  });
  return Object.assign(service, { sendsTo: (peer: string) => streamsOutbound.has(peer) });
}

/** Gossipsub forgets the score of a peer when that comes back; here it is kept. */
function keepScores(score: Scores): void {
  const addPeer = score.addPeer.bind(score);
  score.addPeer = (peer) => {
    const known = score.peerStats.get(peer);
    if (known === undefined) addPeer(peer);
    else Object.assign(known, { connected: true, expire: 0 });
  };
}

/** The registrar as gossipsub uses it, which also notes the peers that speak its protocols. */
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

function isUsable({ status, limits }: Connection): boolean {
  return status === 'open' && limits === undefined;
}
