import {
  DEFAULT_DISCOVERY_OPTIONS,
  DEFAULT_MESH_OPTIONS,
  type DiscoveryOptions,
  type MeshOptions,
} from '../../mesh/options.ts';
import {
  flag,
  integer,
  LISTEN_ADDRESS,
  list,
  PEER_ADDRESS,
  reloadable,
  type Section,
  section,
  text,
} from '../leaves.ts';

export type NetworkConfig = {
  /** Part of the protocol ids: nodes of differently named networks never mix. */
  name: string;
  /** Multiaddrs listened on. */
  listen: string[];
  /** Multiaddrs told to peers; empty: tell the addresses listened on. */
  announce: string[];
  /** Multiaddrs dialled, and dialled again when the connection is lost. */
  peers: string[];
  /** Whether connected nodes tell of other nodes, and are told of this node. */
  discovery: boolean;
  mdns: boolean;
} & Pick<
  MeshOptions,
  'maxConnections' | 'reservedConnections' | 'maxConnectionsPerAddress' | 'maxConnectionsPerSubnet'
> &
  Pick<DiscoveryOptions, 'degree'>;

export const network: Section<NetworkConfig> = section({
  name: text({
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    expected: 'a name of at most 63 letters, digits, dots, dashes and underscores',
    fallback: 'rangemesh',
  }).describe(
    'Name of the mesh, part of the protocol ids: nodes of differently named networks never mix',
  ),
  listen: list(LISTEN_ADDRESS, ['/ip4/127.0.0.1/tcp/9463']).describe('Multiaddrs to listen on'),
  announce: list(LISTEN_ADDRESS, []).describe(
    'Multiaddrs told to peers instead of those listened on',
  ),
  peers: reloadable(list(PEER_ADDRESS, [])).describe(
    'Multiaddrs of peers to dial, and to dial again when lost',
  ),
  discovery: flag(true).describe('Learn of the other nodes from those connected, and be learnt of'),
  degree: integer([1, 1_000], DEFAULT_DISCOVERY_OPTIONS.degree).describe(
    'Connections sought among discovered nodes; up to twice as many are kept',
  ),
  mdns: flag(false).describe('Find peers in the local network by multicast DNS'),
  maxConnections: integer([2, 100_000], DEFAULT_MESH_OPTIONS.maxConnections).describe(
    'Most connections at a time; at least twice network.degree',
  ),
  reservedConnections: integer([0, 100_000], DEFAULT_MESH_OPTIONS.reservedConnections).describe(
    'Of them, at most half: kept for peers of network.peers and access.peers',
  ),
  maxConnectionsPerAddress: reloadable(
    integer([1, 100_000], DEFAULT_MESH_OPTIONS.maxConnectionsPerAddress),
  ).describe('Most connections from one IP address; loopback is not counted'),
  maxConnectionsPerSubnet: reloadable(
    integer([1, 100_000], DEFAULT_MESH_OPTIONS.maxConnectionsPerSubnet),
  ).describe('Most connections from a /24 of IPv4 or a /64 of IPv6; loopback is not counted'),
});
