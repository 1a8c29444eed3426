import type { Connection } from '@libp2p/interface';
import { placeOf } from '../../peer-address.ts';

type Remote = Pick<Connection, 'remotePeer' | 'remoteAddr'>;

export function sameIdentity(peer: string, remotes: readonly Remote[]): string {
  const at = remotes.map(({ remoteAddr }) => placeOf(remoteAddr)).join(' and ');
  return `Two running nodes have the identity ${peer}, at ${at}: their items may reach no other node; stop one of them and move its identity.key away`;
}

export function otherNetwork({ remotePeer, remoteAddr }: Remote): string {
  return `Closed the connection to peer ${remotePeer} at ${placeOf(remoteAddr)}: it speaks no protocol of this network; give it the network.name of this node if it belongs to the mesh`;
}

export function noCommonDialect({ remotePeer, remoteAddr }: Remote): string {
  return `No session is possible with peer ${remotePeer} at ${placeOf(remoteAddr)}: it speaks no dialect that sync.dialect allows here; set sync.dialect to auto on one of both nodes, or upgrade the older one`;
}
