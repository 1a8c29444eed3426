export type Release = () => void;

interface LimiterEntry {
  readonly admit: (release: Release) => void;
}

/** Lets `limit` holders in at a time; the others wait in the order they came. */
export class Limiter {
  readonly #limit: number;
  #free: number;
  readonly #waiting = new Set<LimiterEntry>();

  constructor(limit: number) {
    this.#limit = limit;
    this.#free = limit;
  }

  /** Nobody is in, so nobody waits. */
  get idle(): boolean {
    return this.#free === this.#limit;
  }

  /** Resolves with the way to leave; rejects with the signal's reason when that comes first. */
  async acquire(signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#free > 0) return this.#admit();
    return new Promise((resolve, reject) => {
      const waiting: LimiterEntry = {
        admit: (release) => {
          signal.removeEventListener('abort', giveUp);
          resolve(release);
        },
      };
      const giveUp = (): void => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
    });
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
    first.admit(this.#admit());
  }
}

/** A limiter for each name, as long as anybody is in. */
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

  /** Somebody left, or never came in. */
  tidy(name: string): void {
    if (this.#limiters.get(name)?.idle === true) this.#limiters.delete(name);
  }
}
