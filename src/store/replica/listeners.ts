import type { ReplicaLogger } from './types.ts';

/** Whoever wants to hear of something. One that fails is logged, and keeps nobody else from hearing. */
export class Listeners<Event> {
  readonly #logger: ReplicaLogger | undefined;
  readonly #listeners = new Set<(event: Event) => void>();

  constructor(logger: ReplicaLogger | undefined) {
    this.#logger = logger;
  }

  /** Returns the way to unsubscribe. */
  add(listener: (event: Event) => void): () => void {
    const own = (event: Event): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  tell(event: () => Event): void {
    if (this.#listeners.size > 0) this.#tell(event());
  }

  #tell(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#logger?.error({ err: error }, 'a listener of the store failed; the store goes on');
      }
    }
  }
}
