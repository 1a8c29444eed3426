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

  /** Rejects with `full` if all places are taken. */
  async hold<T>({ id, count, full }: CallPlaces, call: () => Promise<T>): Promise<T> {
    const taken = this.#taken.get(id) ?? 0;
    if (taken >= count) throw full;
    this.#taken.set(id, taken + 1);
    try {
      return await call();
    } finally {
      this.#taken.set(id, this.#taken.get(id)! - 1);
    }
  }
}
