export interface Cached<Value> {
  readonly value: Value;
  readonly bytes: number;
  /** Asked for since it was last spared. */
  used: boolean;
}

/** A value with its neighbours in the queue. */
interface Queued<Value> extends Cached<Value> {
  readonly key: number;
  older: Queued<Value> | null;
  newer: Queued<Value> | null;
}

/**
 * Values by key, in a queue: the oldest one goes first, unless it was asked for since it was last spared. The
 * order lies in links: an iterator of a map that is kept would keep all values that have left the map.
 */
export class SecondChanceQueue<Value> {
  readonly #values = new Map<number, Queued<Value>>();
  #oldest: Queued<Value> | null = null;
  #newest: Queued<Value> | null = null;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get(key: number): Cached<Value> | undefined {
    return this.#values.get(key);
  }

  /** @param key Not in the queue. */
  add(key: number, { value, bytes, used }: Cached<Value>): void {
    const queued = { key, value, bytes, used, older: null, newer: null };
    this.#values.set(key, queued);
    this.#append(queued);
    this.#bytes += bytes;
  }

  /** Returns the value that was there, if any. */
  delete(key: number): Cached<Value> | undefined {
    const queued = this.#values.get(key);
    if (queued !== undefined) this.#remove(queued);
    return queued;
  }

  /** Drops the value whose turn it is; returns its bytes, 0 when there is none. */
  drop(): number {
    for (let queued = this.#oldest; queued !== null; queued = this.#oldest) {
      if (!queued.used) {
        this.#remove(queued);
        return queued.bytes;
      }
      queued.used = false;
      this.#unlink(queued);
      this.#append(queued);
    }
    return 0;
  }

  clear(): void {
    this.#values.clear();
    this.#oldest = null;
    this.#newest = null;
    this.#bytes = 0;
  }

  #remove(queued: Queued<Value>): void {
    this.#values.delete(queued.key);
    this.#unlink(queued);
    this.#bytes -= queued.bytes;
  }

  #append(queued: Queued<Value>): void {
    queued.older = this.#newest;
    queued.newer = null;
    if (this.#newest === null) this.#oldest = queued;
    else this.#newest.newer = queued;
    this.#newest = queued;
  }

  #unlink({ older, newer }: Queued<Value>): void {
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
  }
}
