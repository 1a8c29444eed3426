/**
 * The other nodes of the mesh, and the choice of those that this node is connected with. Begin with
 * `discovery.ts`, which names the sources of peers; `choose.ts` decides, `connection-manager.ts` acts.
 */
export { Discovery, type DiscoveryInit, type DiscoveryStatus } from './discovery.ts';
export type { KnownPeer } from './known-peers.ts';
export { localDiscovery } from './mdns.ts';
export { DEFAULT_DISCOVERY_OPTIONS, type DiscoveryOptions } from './options.ts';
export { peersFile, type SavedPeersFile } from './peers-file.ts';
