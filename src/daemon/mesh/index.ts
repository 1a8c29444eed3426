/**
 * The mesh: the identity of this node, the peers that may connect, and those it keeps connected. Begin
 * with `createMesh` in `mesh.ts`, which puts the parts together; `libp2p.ts` sets libp2p up.
 */

export type { Access } from './access.ts';
export type { Connections, ConnectionWatcher } from './connections.ts';
export { type AddressState, type Dial, Dialer } from './dialling/index.ts';
export {
  type Discovery,
  type DiscoveryStatus,
  type KnownPeer,
  peersFile,
  type SavedPeersFile,
} from './discovery/index.ts';
export type { MeshInit, MeshMisdeed } from './init.ts';
export { createMesh, Mesh } from './mesh.ts';
export { Notices, type NoticesInit } from './notices.ts';
export * from './options.ts';
export { type PeerRole, PeerRoles } from './roles/index.ts';
export type { PeerTrouble, Spoken } from './standing/index.ts';
