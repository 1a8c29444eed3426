import type { Logger } from 'pino';
import type { SessionReport } from '../../../protocol/index.ts';
import type { Replica } from '../../../store/index.ts';

const REFILLED = 'refilled: every lost item that a connected peer holds is back';

/** The state of the replicator on which a refill depends. */
export interface Mending {
  readonly peers: readonly { readonly peer: string; readonly connected: boolean }[];
  /** Ids that peers have and that are still missing, and ids that our limits do not let in. */
  readonly wanted: number;
  readonly refused: number;
}

/**
 * After a loss, finds out when every item that the peers have is here again: each connected peer, and
 * at least one, has had a session since that found nothing missing but refused items.
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
      this.#logger.info({ event: 'refilled', peers }, REFILLED);
    } catch (error) {
      // The next session tries again.
      this.#logger.warn({ err: error }, 'the set could not be marked as refilled');
    }
  }
}
