/** Counts work: in items read, or what costs as much. */
export class Meter {
  readonly #slice: number;
  #left: number;
  #visited = 0;

  /** `slice`: work between two turns of the event loop. */
  constructor(slice: number) {
    this.#slice = slice;
    this.#left = slice;
  }

  /** Work done in the whole session. */
  get visited(): number {
    return this.#visited;
  }

  /** Whether this turn's share is used up. */
  get over(): boolean {
    return this.#left <= 0;
  }

  /** Items that may still be read in this turn, at least one. */
  get left(): number {
    return Math.max(1, this.#left);
  }

  spend(items: number): void {
    this.#left -= items;
    this.#visited += items;
  }

  refill(): void {
    this.#left = this.#slice;
  }
}

/** What the state of a range costs: sums added, and half a leaf expanded at each end. */
export const FINGERPRINT_COST = 2_048;
/** What expanding one id costs. */
export const EXPAND_COST = 16;
/** What looking an id up, or a key by its rank, costs. */
export const LOOKUP_COST = 32;
