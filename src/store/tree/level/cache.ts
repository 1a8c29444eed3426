import { invariant } from '../../invariant.ts';
import { type Cached, SecondChanceQueue } from './second-chance.ts';

/** How often a cache was asked since it was made. */
export interface CacheUses {
  readonly hits: number;
  readonly misses: number;
}

/**
 * A cache bounded in bytes: a queue with a second chance. The oldest values make room. A value that was
 * asked for meanwhile is spared once, and goes to the end of the queue. So the cache fills its bound,
 * and a hit moves nothing. Spare values make room before all others.
 */
export class ByteCache<Value> {
  readonly #limit: number;
  readonly #values = new SecondChanceQueue<Value>();
  readonly #spare = new SecondChanceQueue<Value>();
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
    const cached = this.#find(key);
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
    return this.#find(key) !== undefined;
  }

  /** Takes a value of so many bytes; one larger than half the bound is not kept. */
  set(key: number, value: Value, bytes: number): void {
    this.delete(key);
    if (bytes > this.#limit / 2) return;
    while (!this.#hasRoom(bytes)) {
      if (this.#spare.drop() === 0 && this.#values.drop() === 0) break;
    }
    this.#values.add(key, { value, bytes, used: false });
  }

  /** Takes a value into the room that is free or that other spare values have; else it is not kept. */
  setSpare(key: number, value: Value, bytes: number): void {
    this.delete(key);
    while (!this.#hasRoom(bytes)) if (this.#spare.drop() === 0) return;
    this.#spare.add(key, { value, bytes, used: false });
  }

  /** Makes a value spare, if it is there. */
  makeSpare(key: number): void {
    const cached = this.#values.delete(key);
    if (cached !== undefined) this.#spare.add(key, cached);
  }

  delete(key: number): void {
    if (this.#values.delete(key) === undefined) this.#spare.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#spare.clear();
  }

  #find(key: number): Cached<Value> | undefined {
    return this.#values.get(key) ?? this.#spare.get(key);
  }

  #hasRoom(bytes: number): boolean {
    const held = this.#values.bytes + this.#spare.bytes;
    invariant(held >= 0 && held <= this.#limit, 'process', 'CACHE_BYTES', [held, this.#limit]);
    return held + bytes <= this.#limit;
  }
}
