import { getOrMake } from '../get-or-make.ts';
import { Claims } from './claims.ts';
import { type SourceList, SourceRoots } from './sources.ts';

/** The word of a peer about the length of an item. */
export interface Said {
  readonly peer: string;
  readonly bytes: number;
}

/** Why an id is wanted. */
export interface Want {
  readonly id: Uint8Array;
  /** Milliseconds since the epoch, to a minute. */
  readonly since: number;
  /** Two peers have said that they have it. */
  readonly confirmed: boolean;
}

/** Whether an id is known to be large. Each kind has a queue of its own. */
export type SizeKind = 'small' | 'large';

/** The missing ids, the peers that list each, its claim, and its length where known. Ids are keys. */
export class Wants {
  readonly claims: Claims = new Claims();
  readonly #ids = new Map<string, SourceList>();
  readonly #lengths = new Map<string, Said>();
  #roots = new SourceRoots();

  /** Oldest first. */
  get ids(): ReadonlyMap<string, SourceList> {
    return this.#ids;
  }

  /** Of the ids that a peer said to be large. */
  get lengths(): ReadonlyMap<string, Said> {
    return this.#lengths;
  }

  isListed(owner: string, key: string): boolean {
    return this.#ids.get(key)?.has(owner) === true;
  }

  kind(key: string): SizeKind {
    return this.#lengths.has(key) ? 'large' : 'small';
  }

  say(key: string, said: Said): void {
    this.#lengths.set(key, said);
    this.claims.resize(key, true);
  }

  /** Forgets the lengths a peer said; returns the ids. */
  unsay(peer: string): string[] {
    const keys = [...this.#lengths.keys()].filter((key) => this.#lengths.get(key)!.peer === peer);
    for (const key of keys) {
      this.#lengths.delete(key);
      this.claims.resize(key, false);
    }
    return keys;
  }

  /** Adds an id that no peer lists yet. */
  begin(key: string, at: number, confirmed = false): void {
    this.#ids.set(key, this.#roots.root(at, confirmed));
  }

  list(owner: string, key: string): void {
    this.#ids.set(key, this.#ids.get(key)!.with(owner));
  }

  /** Takes an id off the owner's list; returns whether another peer lists it. */
  unlist(owner: string, key: string): boolean {
    const rest = this.#without(this.#ids.get(key)!, owner);
    this.#ids.set(key, rest);
    return rest.peers.length > 0;
  }

  /**
   * Takes all ids off the owner's list; returns those that no other peer lists. Rewrites each distinct
   * list once, and lets go of lists that no id has.
   */
  unlistAll(owner: string): string[] {
    this.#roots = new SourceRoots();
    const unlisted: string[] = [];
    const rewritten = new Map<SourceList, SourceList>();
    for (const [key, list] of this.#ids) {
      const rest = getOrMake(rewritten, list, () => this.#without(list, owner));
      this.#ids.set(key, rest);
      if (rest.peers.length === 0) unlisted.push(key);
    }
    return unlisted;
  }

  /** Unconfirmed ids wanted since before `at`. Cheap if none can be so old. */
  unconfirmedBefore(at: number): string[] {
    if (!this.#roots.reachBefore(at)) return [];
    const keys: string[] = [];
    for (const [key, { since, confirmed }] of this.#ids) {
      if (!confirmed && since < at) keys.push(key);
    }
    return keys;
  }

  remove(key: string): void {
    this.#ids.delete(key);
    this.#lengths.delete(key);
    this.claims.delete(key);
    if (this.#ids.size === 0) this.#roots = new SourceRoots();
  }

  #without(list: SourceList, owner: string): SourceList {
    return this.#roots.replace(
      list,
      list.peers.filter((other) => other !== owner),
    );
  }
}
