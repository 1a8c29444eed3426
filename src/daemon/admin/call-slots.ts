import type { AdminError } from './errors.ts';

/** The places of one kind of call. */
interface CallPlaces {
  /** The operation that takes them. */
  readonly id: string;
  readonly count: number;
  /** The refusal when all places are taken. */
  readonly full: AdminError;
}

/** Bounds calls of each kind that are under way. */
export class CallSlots {
  readonly #taken = new Map<string, number>();

  isFull({ id, count }: Pick<CallPlaces, 'id' | 'count'>): boolean {
    return (this.#taken.get(id) ?? 0) >= count;
  }

  /** Rejects with `full` if all places are taken. */
  async hold<T>(places: CallPlaces, call: () => Promise<T>): Promise<T> {
    if (this.isFull(places)) throw places.full;
    const { id } = places;
    this.#taken.set(id, (this.#taken.get(id) ?? 0) + 1);
    try {
      return await call();
    } finally {
      this.#taken.set(id, this.#taken.get(id)! - 1);
    }
  }
}
