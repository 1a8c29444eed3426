import type { ReplicaLogger } from './types.ts';

/** The listeners of an event. A failing listener is logged, and the others are still called. */
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

  /** `make` is called only if there are listeners. */
  tell(make: () => Event): void {
    if (this.#listeners.size === 0) return;
    const event = make();
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#logger?.error({ err: error }, 'a listener of the store failed; the store goes on');
      }
    }
  }
}
