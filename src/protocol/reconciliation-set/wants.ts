import { type SourceList, SourceRoots } from './sources.ts';

/** What a peer says of the length of an item. */
export interface Said {
  readonly peer: string;
  /** Bytes of the payload. */
  readonly bytes: number;
}

/** The missing ids, who lists each, and how long it is where that is known. Ids are keys. */
export class Wants {
  readonly #ids = new Map<string, SourceList>();
  readonly #lengths = new Map<string, Said>();
  #roots = new SourceRoots();

  get size(): number {
    return this.#ids.size;
  }

  /** Ids whose length is known. */
  get large(): number {
    return this.#lengths.size;
  }

  /** Oldest first. */
  keys(): Iterable<string> {
    return this.#ids.keys();
  }

  has(key: string): boolean {
    return this.#ids.has(key);
  }

  get(key: string): SourceList | undefined {
    return this.#ids.get(key);
  }

  isListed(owner: string, key: string): boolean {
    return this.#ids.get(key)?.has(owner) === true;
  }

  /** Bytes of the payload, for ids that were found to be large. */
  length(key: string): number | undefined {
    return this.#lengths.get(key)?.bytes;
  }

  said(key: string): Said | undefined {
    return this.#lengths.get(key);
  }

  say(key: string, said: Said): void {
    this.#lengths.set(key, said);
  }

  /** Forgets the lengths a peer said; the ids. */
  unsay(peer: string): string[] {
    const keys: string[] = [];
    for (const [key, said] of this.#lengths) if (said.peer === peer) keys.push(key);
    for (const key of keys) this.#lengths.delete(key);
    return keys;
  }

  /** Adds an id that nobody lists yet. */
  begin(key: string, at: number, confirmed = false): void {
    this.#ids.set(key, this.#roots.root(at, confirmed));
  }

  list(owner: string, key: string): void {
    this.#ids.set(key, this.#ids.get(key)!.with(owner));
  }

  /** Takes an id off the owner's list; whether somebody else lists it. */
  unlist(owner: string, key: string): boolean {
    const list = this.#ids.get(key)!;
    const rest = this.#roots.replace(
      list,
      list.peers.filter((other) => other !== owner),
    );
    this.#ids.set(key, rest);
    return rest.peers.length > 0;
  }

  /**
   * Takes all ids off the owner's list; those that nobody else lists. One walk over all ids, each
   * distinct list rewritten once; lists that no id has are let go.
   */
  unlistAll(owner: string): string[] {
    this.#roots = new SourceRoots();
    const unlisted: string[] = [];
    const rewritten = new Map<SourceList, SourceList>();
    for (const [key, list] of this.#ids) {
      let rest = rewritten.get(list);
      if (rest === undefined) {
        rest = this.#roots.replace(
          list,
          list.peers.filter((other) => other !== owner),
        );
        rewritten.set(list, rest);
      }
      this.#ids.set(key, rest);
      if (rest.peers.length === 0) unlisted.push(key);
    }
    return unlisted;
  }

  /** Ids wanted since before `at` that were never confirmed. Costs next to nothing when there are none so old. */
  unconfirmedBefore(at: number): string[] {
    const keys: string[] = [];
    if (!this.#roots.reachBefore(at)) return keys;
    for (const [key, { since, confirmed }] of this.#ids) {
      if (!confirmed && since < at) keys.push(key);
    }
    return keys;
  }

  remove(key: string): void {
    this.#ids.delete(key);
    this.#lengths.delete(key);
    if (this.#ids.size === 0) this.#roots = new SourceRoots();
  }
}
