import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { DaemonError } from '../errors.ts';
import type { Logger } from '../logging.ts';
import { canonicalPeer, isLoopback } from '../peer-address.ts';
import type { Notices } from './notices.ts';
import type { MeshOptions } from './options.ts';
import type { RoleLists } from './roles/index.ts';

/** The peers that may connect, and so read and write the set. */
export interface Access extends Partial<AccessLists> {
  /** All peers; peers with these ids, in both directions; holders of the pre-shared key. */
  readonly mode: 'open' | 'list' | 'psk';
  /** For `psk`: the text of a swarm key file, its bytes, or the 64 hex digits alone. */
  readonly psk?: string | Uint8Array;
  /** The key before it, which counts beside it while the mesh goes over to the new key. */
  readonly pskOld?: string | Uint8Array;
  /** When the old key ceases to count, in ISO 8601; null: when it is taken out. */
  readonly pskOldUntil?: string | null;
}

/** Lists of peer ids that may change while the node runs. */
export interface AccessLists extends RoleLists {
  /** The peers let in, for `list`, besides those with a role. */
  readonly peers: readonly string[];
  /** Peers that are kept out in every mode. */
  readonly deny: readonly string[];
}

const NO_LISTS: AccessLists = { peers: [], deny: [], read: [], write: [] };

/** Why a peer id is kept out. */
export type AccessRefusal = 'PEER_DENIED' | 'PEER_NOT_LISTED' | 'PEER_BANNED';

export interface GaterInit {
  readonly access: Pick<AccessList, 'refusalOf'>;
  readonly notices: Notices;
  /** Open connections to a peer. */
  connectionsTo(peer: string): number;
  /** Open connections to peers that the operator does not name. */
  connectionsToOthers(): number;
  /** Whether the operator names the peer, so that places are kept for it. */
  names(peer: string): boolean;
  /** Counts an inbound connection; returns the address or subnet without room for it, or null. */
  takeSlot(connection: MultiaddrConnection): string | null;
  readonly options: MeshOptions;
}

/** The peer ids that an operator lists or denies, which may change while the node runs. */
export class AccessList {
  readonly #mode: Access['mode'];
  #listed: ReadonlySet<string> = new Set();
  #denied: ReadonlySet<string> = new Set();

  readonly #banned: (peer: string) => boolean;

  /** Throws `CONFIG_INVALID`. */
  constructor({ mode, ...lists }: Access, banned = (_peer: string) => false) {
    this.#mode = mode;
    this.#banned = banned;
    this.prepare({ ...NO_LISTS, ...lists })();
  }

  /** Why the peer may not connect, as far as its id decides that; null: it may. */
  readonly refusalOf = (peer: PeerId | string): AccessRefusal | null => {
    return this.#listRefusal(`${peer}`) ?? (this.#banned(`${peer}`) ? 'PEER_BANNED' : null);
  };

  readonly allows = (peer: PeerId | string): boolean => this.refusalOf(peer) === null;

  /** Whether the lists let the peer in. A ban ends connections; what others pass on is not of its making. */
  admits(peer: string): boolean {
    return this.#listRefusal(peer) === null;
  }

  readonly lists = (peer: PeerId | string): boolean => this.#listed.has(`${peer}`);

  /** Checks other lists; the result puts them in the place of these. Throws `CONFIG_INVALID`. */
  prepare({ peers, read, write, deny }: AccessLists): () => void {
    const listed = new Set([...peers, ...read, ...write].map(canonicalPeer));
    const denied = new Set(deny.map(canonicalPeer));
    return () => {
      this.#listed = listed;
      this.#denied = denied;
    };
  }

  #listRefusal(peer: string): AccessRefusal | null {
    if (this.#denied.has(peer)) return 'PEER_DENIED';
    return this.#mode !== 'list' || this.lists(peer) ? null : 'PEER_NOT_LISTED';
  }
}

/** Decides by peer id, once the encryption handshake has proved it. */
export function createGater(init: GaterInit): ConnectionGater {
  const { notices, options } = init;
  const { maxConnections, maxConnectionsPerPeer: max } = options;
  const reserved = Math.min(options.reservedConnections, Math.floor(maxConnections / 2));
  const { refusalOf } = init.access;
  const isFull = (peer: PeerId) => {
    if (init.names(peer.toString())) return false;
    if (init.connectionsToOthers() < maxConnections - reserved) return false;
    const message = `Refused peer ${peer}: the last ${reserved} of ${maxConnections} connections are kept for configured peers; raise network.maxConnections, or add the peer to network.peers if it belongs to the mesh`;
    notices.say({ code: 'TOO_MANY_CONNECTIONS', remote: 'all others', message });
    return true;
  };
  const requireAllowed = (peer: PeerId) => {
    const refusal = refusalOf(peer);
    if (refusal !== null) throw new DaemonError('PEER_REFUSED', REFUSALS[refusal].dialled(peer));
    return false;
  };
  return {
    denyDialPeer: requireAllowed,
    denyOutboundEncryptedConnection: requireAllowed,
    denyInboundConnection(connection) {
      const full = init.takeSlot(connection);
      if (full === null) return false;
      const message = `Refused a connection from ${connection.remoteAddr}: ${full} has as many as one address or subnet may have; raise network.maxConnectionsPerAddress or network.maxConnectionsPerSubnet if its nodes belong to the mesh`;
      notices.say({ code: 'TOO_MANY_CONNECTIONS', remote: full, message });
      return true;
    },
    denyInboundEncryptedConnection(peer, { remoteAddr }) {
      const refusal = refusalOf(peer);
      if (refusal === null) return false;
      const message = `Refused peer ${peer} at ${remoteAddr}: ${REFUSALS[refusal].connected}`;
      notices.sayOf(peer, remoteAddr, refusal, message);
      return true;
    },
    denyInboundUpgradedConnection(peer, { remoteAddr }) {
      if (init.connectionsTo(peer.toString()) < max) return isFull(peer);
      const message = `Refused a further connection of peer ${peer} from ${remoteAddr}: it has ${max} already, which is the limit for one peer`;
      notices.sayOf(peer, remoteAddr, 'TOO_MANY_CONNECTIONS', message);
      return true;
    },
  };
}

/** Warns at every start of open access, unless only this machine reaches the listeners. */
export function warnOfOpenAccess(access: Access, listen: Multiaddr[], logger: Logger): void {
  const exposed = listen.filter((address) => !isLoopback(address)).map(String);
  if (access.mode !== 'open' || exposed.length === 0) return;
  logger.warn(
    { code: 'OPEN_ACCESS', addresses: exposed },
    `access is open: every host that reaches ${exposed.join(', ')} can read every item of this node and add any; set access to list or psk to restrict that`,
  );
}

/** A peer that connects, and a peer that this node would dial. */
const REFUSALS: Record<AccessRefusal, { connected: string; dialled(peer: PeerId): string }> = {
  PEER_NOT_LISTED: {
    connected:
      "it is not on this node's access list; add its id to the list if it belongs to the mesh",
    dialled: (peer) =>
      `This node's access list does not contain the peer ${peer}, so it is not connected to: add the id to the list here, and ours to the list there`,
  },
  PEER_BANNED: {
    connected: 'it is banned for a while; "rangemesh peers pardon" lets it in again',
    dialled: (peer) =>
      `The peer ${peer} is banned here for a while, so it is not connected to: "rangemesh peers pardon ${peer}" lets it in again`,
  },
  PEER_DENIED: {
    connected: 'access.deny names it; take its id out of there if it may come in again',
    dialled: (peer) =>
      `access.deny of this node names the peer ${peer}, so it is not connected to: take the id out of there if it may come in again`,
  },
};
