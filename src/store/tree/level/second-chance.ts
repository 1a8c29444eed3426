export interface Cached<Value> {
  readonly value: Value;
  readonly bytes: number;
  /** Asked for since it was last spared. */
  used: boolean;
}

/** Values by key, in a queue: the oldest one goes first, unless it was asked for since it was last spared. */
export class SecondChanceQueue<Value> {
  /** The oldest first. */
  readonly #values = new Map<number, Cached<Value>>();
  /** At the oldest value. It is kept: a new one would pass all entries that left the map before. */
  #oldest = this.#values.entries();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get(key: number): Cached<Value> | undefined {
    return this.#values.get(key);
  }

  /** @param key Not in the queue. */
  add(key: number, cached: Cached<Value>): void {
    this.#values.set(key, cached);
    this.#bytes += cached.bytes;
  }

  /** Returns the value that was there, if any. */
  delete(key: number): Cached<Value> | undefined {
    const cached = this.#values.get(key);
    if (cached === undefined) return undefined;
    this.#values.delete(key);
    this.#bytes -= cached.bytes;
    return cached;
  }

  /** Drops the value whose turn it is; returns its bytes, 0 when there is none. */
  drop(): number {
    while (this.#values.size > 0) {
      const next = this.#oldest.next();
      if (next.done) {
        this.#oldest = this.#values.entries();
        continue;
      }
      const [key, cached] = next.value;
      this.#values.delete(key);
      if (!cached.used) {
        this.#bytes -= cached.bytes;
        return cached.bytes;
      }
      cached.used = false;
      this.#values.set(key, cached);
    }
    return 0;
  }

  clear(): void {
    this.#values.clear();
    this.#bytes = 0;
  }
}
