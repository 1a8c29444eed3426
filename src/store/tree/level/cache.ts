interface Cached<Value> {
  readonly value: Value;
  readonly bytes: number;
  /** Asked for since it was last spared. */
  used: boolean;
}

/** How often a cache was asked since it was made. */
export interface CacheUses {
  readonly hits: number;
  readonly misses: number;
}

/**
 * A cache bounded in bytes: a queue with a second chance. The oldest values make room. A value that was
 * asked for meanwhile is spared once, and goes to the end of the queue. So the cache fills its bound,
 * and a hit moves nothing.
 */
export class ByteCache<Value> {
  readonly #limit: number;
  /** The oldest first. */
  readonly #values = new Map<number, Cached<Value>>();
  /** At the oldest value. It is kept: a new one would pass all entries that left the map before. */
  #oldest = this.#values.entries();
  #bytes = 0;
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
    const cached = this.#values.get(key);
    if (cached === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    cached.used = true;
    return cached.value;
  }

  /** Whether the value is there, without counting that as a use. */
  has(key: number): boolean {
    return this.#values.has(key);
  }

  /** Takes a value of so many bytes; one larger than half the bound is not kept. */
  set(key: number, value: Value, bytes: number): void {
    this.delete(key);
    if (bytes > this.#limit / 2) return;
    while (this.#bytes + bytes > this.#limit) this.#dropOne();
    this.#values.set(key, { value, bytes, used: false });
    this.#bytes += bytes;
  }

  delete(key: number): void {
    const cached = this.#values.get(key);
    if (cached === undefined) return;
    this.#values.delete(key);
    this.#bytes -= cached.bytes;
  }

  clear(): void {
    this.#values.clear();
    this.#bytes = 0;
  }

  /** Drops the oldest value that is not to be spared. */
  #dropOne(): void {
    for (;;) {
      const next = this.#oldest.next();
      if (next.done) {
        this.#oldest = this.#values.entries();
        continue;
      }
      const [key, cached] = next.value;
      if (!cached.used) return this.delete(key);
      cached.used = false;
      this.#values.delete(key);
      this.#values.set(key, cached);
    }
  }
}
