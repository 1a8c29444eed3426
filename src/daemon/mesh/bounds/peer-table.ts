import type { Libp2p, PeerId } from '@libp2p/interface';

export interface PeerTableInit {
  readonly libp2p: Pick<Libp2p, 'addEventListener' | 'peerStore'>;
  readonly maxRememberedPeers: number;
  isConnected(peer: string): boolean;
  /** Whether the peer is forgotten last: the configuration or an announcement names it. */
  isKept(peer: string): boolean;
}

/** Bounds libp2p's peer store, which keeps each identity that ever came for six hours. */
export class PeerTable {
  readonly #init: PeerTableInit;
  /** Those seen longest ago first. */
  readonly #peers = new Map<string, PeerId>();

  constructor(init: PeerTableInit) {
    this.#init = init;
    const { libp2p } = init;
    libp2p.addEventListener('peer:update', ({ detail }) => this.#seen(detail.peer.id));
    // The registrar still reads the entry of a peer that has just disconnected.
    libp2p.addEventListener('peer:disconnect', ({ detail }) => this.#seen(detail));
  }

  #seen(peer: PeerId): void {
    const id = peer.toString();
    this.#peers.delete(id);
    this.#peers.set(id, peer);
    while (this.#peers.size > this.#init.maxRememberedPeers && this.#forgetOne());
  }

  #forgetOne(): boolean {
    const { isConnected, isKept, libp2p } = this.#init;
    const id =
      this.#first((id) => !isKept(id) && !isConnected(id)) ?? this.#first((id) => !isConnected(id));
    if (id === undefined) return false;
    // The store is in memory; a failure leaves an entry that ends after six hours.
    libp2p.peerStore.delete(this.#peers.get(id)!).catch(() => undefined);
    return this.#peers.delete(id);
  }

  #first(fits: (id: string) => boolean): string | undefined {
    for (const id of this.#peers.keys()) if (fits(id)) return id;
    return undefined;
  }
}
