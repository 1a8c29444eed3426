import type { ServiceMap } from '@libp2p/interface';
import type { Libp2pOptions, ServiceFactoryMap } from 'libp2p';
import type { TrafficMeter } from '../../protocol/index.ts';
import type { BulkPace, Clock, Random } from '../../store/index.ts';
import type { Identity } from '../keys/index.ts';
import type { Logger } from '../logging.ts';
import type { HostNetwork } from '../system/index.ts';
import type { Access } from './access.ts';
import type { DiscoveryOptions, SavedPeersFile } from './discovery/index.ts';
import type { DialerOptions, MeshOptions } from './options.ts';

/** Gossip above the rates, what is no gossip, and addresses told in another's name. */
export type MeshMisdeed = 'FLOOD' | 'WRONG_FRAME' | 'FORGED_RECORD';

/** What a node among its peers is made of. */
export interface MeshInit<S extends ServiceMap> {
  readonly identity: Identity;
  /** TCP multiaddrs; port 0 is any free port. */
  readonly listen: readonly string[];
  /**
   * Addresses told to peers instead of those listened on.
   * @default []
   */
  readonly announce?: readonly string[];
  /** Addresses of peers to keep connected; one list may serve all nodes, for each skips its own. */
  readonly peers: readonly string[];
  /** Nodes that discover each other have the same. */
  readonly networkName: string;
  /** Of rangemesh; peers see it. */
  readonly version: string;
  readonly access: Access;
  /** Whether to find peers on the local network, and be found. */
  readonly mdns: boolean;
  /**
   * Whether to learn the nodes of the mesh by gossip from connected peers, and be learnt.
   * @default false
   */
  readonly discovery?: boolean;
  /**
   * Keeps known peers from one run to the next.
   * @default none
   */
  readonly peersFile?: SavedPeersFile;
  /**
   * Whether closing the connection to the peer would spoil some work, besides its fetches from here.
   * @default never
   */
  readonly busy?: (peer: string) => boolean;
  /**
   * Whether the connection to the peer, or the last one, carried something: then its end is no failure.
   * @default never
   */
  readonly brought?: (peer: string) => boolean;
  /**
   * Whether the peer is kept out for a while.
   * @default no peer is
   */
  readonly banned?: (peer: string) => boolean;
  /**
   * Whether the peer gets announcements.
   * @default every peer does
   */
  readonly givesTo?: (peer: string) => boolean;
  /**
   * Called with peers that send gossip too fast, what is no frame, or addresses in another's name.
   * @default none
   */
  readonly misbehaved?: (peer: string, code: MeshMisdeed) => void;
  /**
   * Protocols of the dialects that this node speaks: a peer with none of them is told of.
   * @default every peer is taken for one with which sessions are possible
   */
  readonly dialects?: readonly string[];
  /**
   * Called with the code of each refusal and trouble of connections and dials.
   * @default none
   */
  readonly noticed?: (code: string) => void;
  /**
   * libp2p's own metrics.
   * @default none
   */
  readonly metrics?: NonNullable<Libp2pOptions['metrics']>;
  /**
   * The budget of bytes on the wire. Gossip is charged to it.
   * @default not charged
   */
  readonly traffic?: Pick<TrafficMeter, 'charge'>;
  /**
   * How long connections may be read in one turn of the event loop.
   * @default as long as bytes lie in their sockets
   */
  readonly pace?: Pick<BulkPace, 'sliceMs' | 'busyMs'>;
  /** libp2p services besides identify and pubsub. */
  readonly services: ServiceFactoryMap<S>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: HostNetwork;
  readonly options?: Partial<MeshOptions>;
  readonly dialer?: Partial<DialerOptions>;
  readonly peering?: Partial<DiscoveryOptions>;
}
