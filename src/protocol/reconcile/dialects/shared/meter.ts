/** Counts work in items read; other work counts as the items that cost as much. */
export class Meter {
  readonly #slice: number;
  #left: number;
  /** Work in the whole session. */
  visited = 0;

  /** `slice`: work between two turns of the event loop. */
  constructor(slice: number) {
    this.#slice = slice;
    this.#left = slice;
  }

  /** The share of this turn is used up. */
  get over(): boolean {
    return this.#left <= 0;
  }

  /** Items that may still be read in this turn, at least one. */
  get left(): number {
    return Math.max(1, this.#left);
  }

  /** @param ofTurn What it takes of this turn. @default as much as of the session */
  spend(items: number, ofTurn: number = items): void {
    this.#left -= ofTurn;
    this.visited += items;
  }

  /** @param share Of a whole slice. @default 1 */
  refill(share: number = 1): void {
    this.#left = Math.max(1, Math.floor(this.#slice * share));
  }
}

/** Work between two turns of the event loop: some milliseconds. */
export const SLICE_WORK = 32_768;
/** The state of a range: sums added, and half a leaf expanded at each end. */
export const FINGERPRINT_COST = 2_048;
/** One id expanded. */
export const EXPAND_COST = 16;
/** An id looked up, or a key by its rank. */
export const LOOKUP_COST = 32;
/** Of a turn, for an id by its rank: where keys wait in a buffer, the rank is searched in two trees. */
export const RANK_COST = 128;
