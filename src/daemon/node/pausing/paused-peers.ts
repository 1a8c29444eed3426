import type { ReconcileEvents } from '../../../protocol/index.ts';

/** The peers that are paused: all, or those with these ids. */
export interface PausedSet {
  readonly all: boolean;
  readonly peers: ReadonlySet<string>;
}

type ConnectionEvents = Pick<ReconcileEvents, 'peerConnected' | 'peerDisconnected'>;

export interface PausedPeersInit {
  replicator: ConnectionEvents;
  /** Ends all that is under way with a peer. */
  interrupt: (peer: string) => void;
}

/**
 * Stands between the sessions and the replicator: a paused peer looks disconnected to the replicator, so that
 * nothing is scheduled, asked or expected. When the pause ends the peer connects anew, and a session follows.
 */
export class PausedPeers {
  readonly #replicator: ConnectionEvents;
  readonly #interrupt: (peer: string) => void;
  /** Connected peers, paused or not. */
  readonly #present = new Set<string>();
  #paused: PausedSet = { all: false, peers: new Set() };

  constructor(init: PausedPeersInit) {
    this.#replicator = init.replicator;
    this.#interrupt = init.interrupt;
  }

  get paused(): PausedSet {
    return this.#paused;
  }

  readonly has = (peer: string): boolean => this.#paused.all || this.#paused.peers.has(peer);

  /** Whether sessions with the peer are possible. */
  readonly answers = (peer: string): boolean => !this.has(peer);

  /** Connected peers that are paused. */
  get pausedHere(): number {
    return [...this.#present].filter(this.has).length;
  }

  get present(): number {
    return this.#present.size;
  }

  peerConnected(peer: string): void {
    this.#present.add(peer);
    if (!this.has(peer)) this.#replicator.peerConnected(peer);
  }

  peerDisconnected(peer: string): void {
    this.#present.delete(peer);
    if (!this.has(peer)) this.#replicator.peerDisconnected(peer);
  }

  /** From now on these peers are paused, and no others. */
  set(next: PausedSet): void {
    const before = new Set([...this.#present].filter(this.has));
    // First, so that what ends now is not begun again by the peer.
    this.#paused = next;
    for (const peer of this.#present) {
      if (this.has(peer) === before.has(peer)) continue;
      if (before.has(peer)) this.#replicator.peerConnected(peer);
      else {
        this.#interrupt(peer);
        this.#replicator.peerDisconnected(peer);
      }
    }
  }

  /** All events of a replicator, with connections as this pause shows them. */
  over(events: ReconcileEvents): Required<ReconcileEvents> {
    return {
      peerConnected: (peer) => this.peerConnected(peer),
      peerDisconnected: (peer) => this.peerDisconnected(peer),
      outlined: (peer, outlines) => events.outlined?.(peer, outlines),
      judge: (peer, theirs) => events.judge?.(peer, theirs) ?? true,
      differs: (peer) => events.differs(peer),
      missing: (peer, ids) => events.missing(peer, ids),
      takesItems: (peer) => events.takesItems?.(peer) === true,
      items: async (peer, items) => events.items?.(peer, items),
      named: (peer, ids) => events.named?.(peer, ids),
      ended: (report) => events.ended(report),
    };
  }
}
