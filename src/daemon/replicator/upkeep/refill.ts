import type { SessionReport } from '../../../protocol/index.ts';
import type { SharedParts } from '../parts.ts';

const REFILLED = 'refilled: every lost item that a connected peer holds is back';

/** The state of the replicator on which a refill depends. */
export interface Mending {
  readonly peers: readonly { readonly peer: string; readonly connected: boolean }[];
  /** Ids that peers have and that are still missing, and ids above the limits of this node. */
  readonly wanted: number;
  readonly refused: number;
}

/** After a loss, waits until a session with each connected peer finds only refused items missing. */
export class Refill {
  readonly #init: Pick<SharedParts, 'replica' | 'logger'>;
  readonly #asked = new Set<string>();

  constructor(init: Pick<SharedParts, 'replica' | 'logger'>) {
    this.#init = init;
  }

  /** A session ended without an error. */
  ended({ peer, missing }: SessionReport, mending: Mending): void {
    if (!this.#init.replica.needsRefill) {
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
      await this.#init.replica.markRefilled();
      this.#init.logger.info({ event: 'refilled', peers }, REFILLED);
    } catch (error) {
      // The next session tries again.
      this.#init.logger.warn({ err: error }, 'the set could not be marked as refilled');
    }
  }
}
