import { Listing } from './listing.ts';

/** Owner of the listing of ids that no peer lists any more. */
export const NOBODY = '';

/** A peer that lacks so many orphans is asked for no more of them until it connects again. */
const MAX_PROBES_IN_VAIN = 256;

/**
 * Bounds the ids that are wanted though nobody lists them: those that one peer alone ever said to
 * have make room first, the oldest of them before the others.
 */
export class Orphans {
  /** Peers that may be asked on the chance that they have some join it. */
  readonly listing: Listing = new Listing({ owner: NOBODY, maxFaults: MAX_PROBES_IN_VAIN });
  readonly #max: number;
  readonly #unconfirmed = new Set<string>();
  /** Ids given up for want of room. */
  lost = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The id that has to go so that `key` may come, if any: `key` itself where no other one may. */
  admit(key: string, confirmed: boolean): string | null {
    if (!confirmed) this.#unconfirmed.add(key);
    if (this.listing.known < this.#max) return null;
    this.lost++;
    const [oldest = key] = this.#unconfirmed;
    return oldest;
  }

  /** The id is here now, or listed again, or given up. */
  left(key: string): void {
    this.#unconfirmed.delete(key);
  }
}
