import type { Connection, PeerId, Topology } from '@libp2p/interface';
import type { PeerWatcher } from '../network/index.ts';

/**
 * libp2p's comings and goings as clean pairs of `connected` and `disconnected`. libp2p calls back
 * once a connection, and late: a peer may be gone, or back again, by then.
 */
export class TopologyWatch implements Topology {
  readonly #watcher: PeerWatcher;
  readonly #known = new Map<string, Connection>();
  #stopped = false;

  constructor(watcher: PeerWatcher) {
    this.#watcher = watcher;
  }

  onConnect(peerId: PeerId, connection: Connection): void {
    if (this.#stopped || connection.status !== 'open') return;
    const peer = peerId.toString();
    if (this.#known.get(peer)?.status === 'open') return;
    this.#forget(peer);
    this.#known.set(peer, connection);
    this.#watcher.connected(peer);
  }

  onDisconnect(peerId: PeerId): void {
    const peer = peerId.toString();
    if (this.#stopped || this.#known.get(peer)?.status === 'open') return;
    this.#forget(peer);
  }

  stop(): void {
    this.#stopped = true;
  }

  #forget(peer: string): void {
    if (this.#known.delete(peer)) this.#watcher.disconnected(peer);
  }
}
