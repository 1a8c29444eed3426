import type { Interval } from '../dialect.ts';
import { intersection, isEmpty } from '../interval.ts';

/** The intervals of the sessions that run: over a part of the key space, one peer alone brings items. */
export class RunningIntervals {
  readonly #running = new Set<Interval>();

  /** A session begins. `alone`: none of those that run is over a part of its interval. */
  enter(interval: Interval): { readonly alone: boolean; leave(): void } {
    const own = { ...interval };
    const alone = [...this.#running].every((other) => isEmpty(intersection(own, other)));
    this.#running.add(own);
    return { alone, leave: () => this.#running.delete(own) };
  }
}
