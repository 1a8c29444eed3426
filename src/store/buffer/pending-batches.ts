import type { ItemKey } from '../item.ts';

/** Ascending keys. */
export type SortedKeys = readonly ItemKey[];

/**
 * Batches in the order they came. Immutable, and cheap to add to: those that come out of one another
 * share one array, of which each sees its own part.
 */
export class PendingBatches {
  static readonly NONE: PendingBatches = PendingBatches.of([]);
  /** Keys in all batches. */
  readonly size: number;
  readonly #shared: SortedKeys[];
  readonly #count: number;

  private constructor(shared: SortedKeys[], count: number, size: number) {
    this.#shared = shared;
    this.#count = count;
    this.size = size;
  }

  static of(batches: readonly SortedKeys[]): PendingBatches {
    return new PendingBatches([...batches], batches.length, keyCount(batches));
  }

  with(batch: SortedKeys): PendingBatches {
    // Somebody else may have added to it meanwhile, or be about to.
    const alone = this.#shared.length === this.#count && this.#count > 0;
    const shared = alone ? this.#shared : this.batches;
    shared.push(batch);
    return new PendingBatches(shared, this.#count + 1, this.size + batch.length);
  }

  /** A fresh array. */
  get batches(): SortedKeys[] {
    return this.#shared.slice(0, this.#count);
  }
}

export function keyCount(batches: readonly SortedKeys[]): number {
  return batches.reduce((sum, batch) => sum + batch.length, 0);
}
