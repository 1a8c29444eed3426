import { canonicalPeer } from '../../peer-address.ts';

/** `read`: nothing of the peer is taken. `write`: it gets nothing. */
export type PeerRole = 'replicate' | 'read' | 'write';

/** Peer ids; all others replicate. */
export interface RoleLists {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** The roles of peers, which may change while the node runs. */
export class PeerRoles {
  #roles: ReadonlyMap<string, PeerRole> = new Map();

  /** Throws `CONFIG_INVALID`. */
  constructor(lists: RoleLists) {
    this.prepare(lists)();
  }

  of(peer: string): PeerRole {
    return this.#roles.get(peer) ?? 'replicate';
  }

  /** Whether items of the peer are taken. */
  readonly takesFrom = (peer: string): boolean => this.of(peer) !== 'read';

  /** Whether the peer gets items, ids and announcements. */
  readonly givesTo = (peer: string): boolean => this.of(peer) !== 'write';

  /**
   * Checks other lists; the result puts them in the place of these, and returns the peers whose role is
   * another. Throws `CONFIG_INVALID`.
   */
  prepare({ read, write }: RoleLists): () => string[] {
    const next = new Map<string, PeerRole>([
      ...read.map((peer): [string, PeerRole] => [canonicalPeer(peer), 'read']),
      ...write.map((peer): [string, PeerRole] => [canonicalPeer(peer), 'write']),
    ]);
    return () => {
      const before = this.#roles;
      this.#roles = next;
      const peers = new Set([...before.keys(), ...next.keys()]);
      return [...peers].filter((peer) => before.get(peer) !== next.get(peer));
    };
  }
}
