interface Cached<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** How often a cache was asked since it was made. */
export interface CacheUses {
  readonly hits: number;
  readonly misses: number;
}

/**
 * A cache bounded in bytes, with two generations. A value that is asked for moves to the young one. When
 * that fills half of the bound, it becomes the old one, and the old one is dropped.
 */
export class ByteCache<Value> {
  readonly #limit: number;
  #young = new Map<number, Cached<Value>>();
  #old = new Map<number, Cached<Value>>();
  #youngBytes = 0;
  #hits = 0;
  #misses = 0;

  /** @param limit Bytes of all values together at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls of `get` that found a value, and that did not. */
  get uses(): CacheUses {
    return { hits: this.#hits, misses: this.#misses };
  }

  get(key: number): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) {
      this.#hits++;
      return young.value;
    }
    const old = this.#old.get(key);
    if (old === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    this.#old.delete(key);
    this.#put(key, old);
    return old.value;
  }

  /** Whether the value is there, without counting that as a use. */
  has(key: number): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  /** Takes a value of so many bytes; one larger than half the bound is not kept. */
  set(key: number, value: Value, bytes: number): void {
    this.delete(key);
    this.#put(key, { value, bytes });
  }

  delete(key: number): void {
    const young = this.#young.get(key);
    if (young !== undefined) this.#youngBytes -= young.bytes;
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngBytes = 0;
  }

  #put(key: number, cached: Cached<Value>): void {
    const half = this.#limit / 2;
    if (cached.bytes > half) return;
    if (this.#youngBytes + cached.bytes > half) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(key, cached);
    this.#youngBytes += cached.bytes;
  }
}
