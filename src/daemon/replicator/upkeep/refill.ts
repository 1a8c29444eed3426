import type { Logger } from 'pino';
import type { SessionReport } from '../../../protocol/index.ts';
import type { Replica } from '../../../store/index.ts';

/** What is asked of the replicator. */
export interface Mending {
  readonly peers: readonly { readonly peer: string; readonly connected: boolean }[];
  /** Ids that peers have and that are still missing, and ids that our limits do not let in. */
  readonly wanted: number;
  readonly refused: number;
}

/**
 * After a loss, finds out when all that the peers have is here again: every connected peer, at least
 * one, has had a session since that found nothing missing but what is refused.
 */
export class Refill {
  readonly #replica: Replica;
  readonly #logger: Logger;
  readonly #asked = new Set<string>();

  constructor({ replica, logger }: { replica: Replica; logger: Logger }) {
    this.#replica = replica;
    this.#logger = logger;
  }

  /** A session ended without an error. */
  ended({ peer, missing }: SessionReport, mending: Mending): void {
    if (!this.#replica.needsRefill) {
      this.#asked.clear();
      return;
    }
    if (missing > mending.refused) this.#asked.delete(peer);
    else this.#asked.add(peer);
    const connected = mending.peers.filter((record) => record.connected);
    const all = connected.every((record) => this.#asked.has(record.peer));
    if (all && connected.length > 0 && mending.wanted === 0) void this.#mark(connected.length);
  }

  async #mark(peers: number): Promise<void> {
    this.#asked.clear();
    try {
      await this.#replica.markRefilled();
      this.#logger.info({ event: 'refilled', peers }, 'what was lost and a peer has is here again');
    } catch (error) {
      // The next session tries again.
      this.#logger.warn({ err: error }, 'the set could not be marked as refilled');
    }
  }
}
