import { bytesToKey, keyToBytes } from '../../bytes.ts';

/** The ids that operators keep out, as of the last commit, with those that are about to be kept out. */
export class KeptOutIds {
  /** By `bytesToKey`. */
  readonly #ids = new Set<string>();
  readonly #entering = new Set<string>();

  /** As of the last commit. */
  get size(): number {
    return this.#ids.size;
  }

  has(id: Uint8Array): boolean {
    if (this.#ids.size + this.#entering.size === 0) return false;
    const key = bytesToKey(id);
    return this.#ids.has(key) || this.#entering.has(key);
  }

  /** As of the last commit. */
  isOnDisk(id: Uint8Array): boolean {
    return this.#ids.has(bytesToKey(id));
  }

  /** The ids count as refused while `work` makes them so; whether it does is for `note` to say. */
  async entering<Result>(ids: readonly Uint8Array[], work: () => Promise<Result>): Promise<Result> {
    const keys = ids.map(bytesToKey);
    for (const key of keys) this.#entering.add(key);
    try {
      return await work();
    } finally {
      for (const key of keys) this.#entering.delete(key);
    }
  }

  note(id: Uint8Array): void {
    this.#ids.add(bytesToKey(id));
  }

  delete(id: Uint8Array): void {
    this.#ids.delete(bytesToKey(id));
  }

  /** All ids, in pages. */
  *pages(size: number): Generator<Uint8Array[], void> {
    const rest = [...this.#ids];
    for (let at = 0; at < rest.length; at += size) {
      yield rest.slice(at, at + size).map(keyToBytes);
    }
  }

  clear(): void {
    this.#ids.clear();
  }
}
