/**
 * A list of peers in the order they said something, shared by all ids it is true of: a million ids
 * with the same three sources hold one list. Lists form a tree, each the one above it plus a peer.
 */
export class SourceList {
  readonly peers: readonly string[];
  readonly #longer = new Map<string, SourceList>();

  constructor(peers: readonly string[] = []) {
    this.peers = peers;
  }

  has(peer: string): boolean {
    return this.peers.includes(peer);
  }

  /** The list with `peer` at its end. */
  with(peer: string): SourceList {
    let longer = this.#longer.get(peer);
    if (longer === undefined) {
      longer = new SourceList([...this.peers, peer]);
      this.#longer.set(peer, longer);
    }
    return longer;
  }
}
