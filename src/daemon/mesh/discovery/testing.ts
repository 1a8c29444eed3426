/** For tests alone: the parts of this room that they look at from inside. */

export { Announcer } from './announcer.ts';
export {
  choose,
  exchanged,
  type Link,
  type MeshSituation,
  ownChoice,
  trimmedTo,
  upperBound,
} from './choose.ts';
export { ConnectionManager, type DiscoveryDial } from './connection-manager.ts';
export { Insistence } from './insistence.ts';
export {
  KnownPeers,
  type KnownPeersInit,
  type PeerAnnouncement,
  type PeerVerdict,
} from './known-peers.ts';
export { OwnRecords } from './own-records.ts';
export { PeerDials } from './peer-dials.ts';
export { decodeRecord, encodeRecord, usableAddresses } from './record.ts';
export { Trickle } from './trickle.ts';
