import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { Multiaddr } from '@multiformats/multiaddr';
import { DaemonError } from '../errors.ts';
import type { Logger } from '../logging.ts';
import { isLoopback } from '../peer-address.ts';
import type { Notices } from './notices.ts';

/** Who may connect, and so read and write the set. */
export interface Access {
  /** Anyone; peers with these ids, in both directions; holders of the pre-shared key. */
  readonly mode: 'open' | 'list' | 'psk';
  /** Peer ids, for `list`. */
  readonly peers?: readonly string[];
  /** For `psk`: the text of a swarm key file, its bytes, or the 64 hex digits alone. */
  readonly psk?: string | Uint8Array;
}

export interface GaterInit {
  readonly access: Access;
  readonly notices: Notices;
  /** Open connections to a peer. */
  connectionsTo(peer: string): number;
  readonly maxConnectionsPerPeer: number;
}

/** Whether a peer id is let in, as far as ids decide that. Throws `CONFIG_INVALID`. */
export function admission(access: Access): (peer: string) => boolean {
  const listed = access.mode === 'list' ? listOf(access) : null;
  return (peer) => listed === null || listed.has(peer);
}

/** Decides by peer id, once the encryption handshake has proved it. Throws `CONFIG_INVALID`. */
export function createGater(init: GaterInit): ConnectionGater {
  const { access, notices } = init;
  const lets = admission(access);
  const allowed = (peer: PeerId) => lets(peer.toString());
  const requireListed = (peer: PeerId) => {
    if (!allowed(peer)) throw notListedHere(peer);
    return false;
  };
  return {
    denyDialPeer: requireListed,
    denyOutboundEncryptedConnection: requireListed,
    denyInboundEncryptedConnection(peer, connection) {
      if (allowed(peer)) return false;
      notices.say(refusal(peer, connection));
      return true;
    },
    denyInboundUpgradedConnection(peer, connection) {
      if (init.connectionsTo(peer.toString()) < init.maxConnectionsPerPeer) return false;
      notices.say(tooMany(peer, connection, init.maxConnectionsPerPeer));
      return true;
    },
  };
}

/** Says at every start that anyone may write, where anyone can reach a listener. */
export function warnOfOpenAccess(access: Access, listen: Multiaddr[], logger: Logger): void {
  const exposed = listen.filter((address) => !isLoopback(address)).map(String);
  if (access.mode !== 'open' || exposed.length === 0) return;
  logger.warn(
    { code: 'OPEN_ACCESS', addresses: exposed },
    `access is open: whoever can reach ${exposed.join(', ')} can read every item of this node and add any; set access to list or psk to decide who may`,
  );
}

function listOf(access: Access): Set<string> {
  return new Set((access.peers ?? []).map(canonical));
}

function canonical(peer: string): string {
  try {
    return peerIdFromString(peer).toString();
  } catch (cause) {
    throw new DaemonError(
      'CONFIG_INVALID',
      `"${peer}" in the list of peers is not a peer id: expected one such as 12D3KooW..., which "rangemesh status" prints on that node`,
      { cause },
    );
  }
}

function notListedHere(peer: PeerId): DaemonError {
  return new DaemonError(
    'PEER_REFUSED',
    `This node's access list does not contain the peer ${peer}, so it is not connected to: add the id to the list here, and ours to the list there`,
  );
}

function refusal(peer: PeerId, connection: MultiaddrConnection) {
  return {
    code: 'PEER_NOT_LISTED',
    remote: peer.toString(),
    fields: { peer: peer.toString(), address: connection.remoteAddr.toString() },
    message: `Refused peer ${peer} at ${connection.remoteAddr}: it is not on this node's access list; add its id to the list if it belongs to the mesh`,
  };
}

function tooMany(peer: PeerId, connection: MultiaddrConnection, max: number) {
  return {
    code: 'TOO_MANY_CONNECTIONS',
    remote: peer.toString(),
    fields: { peer: peer.toString(), address: connection.remoteAddr.toString() },
    message: `Refused a further connection of peer ${peer} from ${connection.remoteAddr}: it has ${max} already, which is the limit for one peer`,
  };
}
