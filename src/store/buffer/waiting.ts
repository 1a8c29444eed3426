import type { ItemKey } from '../item.ts';

/** Ascending keys. */
export type Batch = readonly ItemKey[];

/**
 * Batches in the order they came. Immutable, and cheap to add to: those that come out of one another
 * share one array, of which each sees its own part.
 */
export class Waiting {
  static readonly NONE: Waiting = Waiting.of([]);
  /** Keys in all batches. */
  readonly size: number;
  readonly #shared: Batch[];
  readonly #count: number;

  private constructor(shared: Batch[], count: number, size: number) {
    this.#shared = shared;
    this.#count = count;
    this.size = size;
  }

  static of(batches: readonly Batch[]): Waiting {
    return new Waiting([...batches], batches.length, keyCount(batches));
  }

  with(batch: Batch): Waiting {
    // Somebody else may have added to it meanwhile, or be about to.
    const alone = this.#shared.length === this.#count && this.#count > 0;
    const shared = alone ? this.#shared : this.batches;
    shared.push(batch);
    return new Waiting(shared, this.#count + 1, this.size + batch.length);
  }

  /** A fresh array. */
  get batches(): Batch[] {
    return this.#shared.slice(0, this.#count);
  }
}

export function keyCount(batches: readonly Batch[]): number {
  return batches.reduce((sum, batch) => sum + batch.length, 0);
}
