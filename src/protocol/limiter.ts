import { ByteBudget, type Release } from './budgets/index.ts';

export type { Release } from './budgets/index.ts';

const ALL = '';
const NEVER = new AbortController().signal;

/** Lets `limit` holders in at a time; the others wait in the order they came. */
export class Limiter {
  readonly #limit: number;
  readonly #places: ByteBudget;

  constructor(limit: number) {
    this.#limit = limit;
    this.#places = new ByteBudget({ totalBytes: limit, holderBytes: limit });
  }

  /** No holder is in, so none waits. */
  get idle(): boolean {
    return this.#places.usedBytes === 0;
  }

  /** Another holder would wait. */
  get full(): boolean {
    return this.#places.usedBytes === this.#limit;
  }

  /** Resolves with the way to leave; rejects with the signal's reason if that comes first. */
  take(signal: AbortSignal = NEVER): Promise<Release> {
    return this.#places.take(ALL, 1, signal);
  }
}

/** A limiter for each name, as long as it has holders. */
export class Limiters {
  readonly #limit: number;
  readonly #limiters = new Map<string, Limiter>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  of(name: string): Limiter {
    const limiter = this.#limiters.get(name) ?? new Limiter(this.#limit);
    this.#limiters.set(name, limiter);
    return limiter;
  }

  /** To be called after a release, or when a take failed. */
  tidy(name: string): void {
    if (this.#limiters.get(name)?.idle === true) this.#limiters.delete(name);
  }
}
