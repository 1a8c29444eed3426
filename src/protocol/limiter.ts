export type Release = () => void;

/** Lets `limit` holders in at a time; the others wait in the order they came. */
export class Limiter {
  readonly #limit: number;
  #free: number;
  readonly #waiting = new Set<PromiseWithResolvers<Release>>();

  constructor(limit: number) {
    this.#limit = limit;
    this.#free = limit;
  }

  /** No holder is in, so none waits. */
  get idle(): boolean {
    return this.#free === this.#limit;
  }

  /** Another holder would wait. */
  get full(): boolean {
    return this.#free === 0;
  }

  /** Resolves with the way to leave; rejects with the signal's reason if that comes first. */
  async acquire(signal?: AbortSignal): Promise<Release> {
    signal?.throwIfAborted();
    if (this.#free > 0) return this.#admit();
    const turn = Promise.withResolvers<Release>();
    const giveUp = (): void => {
      this.#waiting.delete(turn);
      turn.reject(signal?.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#waiting.add(turn);
    try {
      return await turn.promise;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  #admit(): Release {
    this.#free--;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free++;
      this.#next();
    };
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first.resolve(this.#admit());
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

  /** To be called after a release, or when an acquire failed. */
  tidy(name: string): void {
    if (this.#limiters.get(name)?.idle === true) this.#limiters.delete(name);
  }
}
