/** The mesh: who this node is, who may connect, and whom it keeps connected. */

export {
  codeOf,
  createSecret,
  loadOrCreateSecret,
  readSecret,
  replaceFile,
  type SecretFileInit,
} from '../files/index.ts';
export {
  isLoopback,
  type PeerAddress,
  parseListenAddress,
  parsePeerAddress,
} from '../peer-address.ts';
export type { Access } from './access.ts';
export type { Connections, ConnectionWatcher } from './connections.ts';
export type { AddressSource, AddressState } from './dialling/index.ts';
export { type Dial, Dialer, type DialerInit } from './dialling/index.ts';
export {
  type Discovery,
  type DiscoveryStatus,
  type KnownPeer,
  peersFile,
  type SavedPeersFile,
} from './discovery/index.ts';
export {
  createIdentity,
  IDENTITY_FILE,
  type Identity,
  type IdentityInit,
  loadIdentity,
} from './identity.ts';
export { createMesh, Mesh, type MeshInit } from './mesh.ts';
export { type Notice, Notices, type NoticesInit } from './notices.ts';
export * from './options.ts';
export { createPsk, loadPsk, parsePsk } from './psk.ts';
export { createToken, loadToken, TOKEN_FILE, type TokenInit } from './token.ts';
