import { IdQueue } from './id-queue.ts';
import { Listing } from './listing.ts';

/** Owner of the listing of ids that no peer lists any more. */
export const NO_OWNER = '';

/** A peer that lacks so many orphans is asked for no more of them until it connects again. */
const MAX_PROBES_IN_VAIN = 256;

/**
 * Bounds the ids that are wanted though no peer lists them. Ids that only one peer ever listed make
 * room first, the oldest before the others.
 */
export class Orphans {
  /** Its holders are the peers that may be asked on the chance that they have some. */
  readonly listing: Listing = new Listing({ owner: NO_OWNER, maxFaults: MAX_PROBES_IN_VAIN });
  readonly max: number;
  readonly #unconfirmed = new Set<string>();
  /** The same ids, oldest first, among ids that have left: finding the first id of a set gets ever slower. */
  readonly #queue = new IdQueue();
  /** Ids given up for want of room. */
  lost = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** The id that makes room for `key`, if any: `key` itself if no other id may go. */
  admit(key: string, confirmed: boolean): string | null {
    if (!confirmed) {
      this.#unconfirmed.add(key);
      this.#queue.push(key, this.#unconfirmed.size, this.#isUnconfirmed);
    }
    if (this.listing.known < this.max) return null;
    this.lost++;
    return this.#queue.shift(this.#isUnconfirmed) ?? key;
  }

  /** The id came, is listed again, or was given up. */
  left(key: string): void {
    this.#unconfirmed.delete(key);
  }

  /** An id that was listed again meanwhile may still stand in the queue. */
  readonly #isUnconfirmed = (key: string): boolean => this.#unconfirmed.has(key);
}
