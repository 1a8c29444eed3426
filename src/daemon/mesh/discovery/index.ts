/** Who else is in the mesh, and with how many of them this node is connected. */
export { Discovery, type DiscoveryStatus } from './discovery.ts';
export type { KnownPeer } from './known-peers.ts';
export { localDiscovery } from './mdns.ts';
export { DEFAULT_DISCOVERY_OPTIONS, type DiscoveryOptions } from './options.ts';
export { peersFile, type SavedPeersFile } from './peers-file.ts';
