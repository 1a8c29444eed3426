import { keyToBytes } from '../../store/index.ts';
import { getOrMake } from '../get-or-make.ts';
import { Claims } from './claims.ts';
import { isBefore, type SourceList, SourceRoots } from './sources.ts';

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
  /** Two peers that have delivered items have said that they have it. */
  readonly confirmed: boolean;
}

/** Whether an id is known to be large. Each kind has a queue of its own. */
export type SizeKind = 'small' | 'large';

/** The missing ids, the peers that list each, its claim, and its length where known. Ids are keys. */
export class Wants {
  readonly claims: Claims = new Claims();
  readonly #ids = new Map<string, SourceList>();
  readonly #lengths = new Map<string, Said>();
  readonly #delivered: (peer: string) => boolean;
  #roots = new SourceRoots();

  /** `delivered`: whether the word of a peer confirms an id. */
  constructor(delivered: (peer: string) => boolean) {
    this.#delivered = delivered;
  }

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

  want(key: string): Want | undefined {
    const list = this.#ids.get(key);
    if (list === undefined) return undefined;
    return { id: keyToBytes(key), since: list.since, confirmed: this.#isConfirmed(list) };
  }

  #isConfirmed({ confirmed, peers }: SourceList): boolean {
    return confirmed || peers.filter((peer) => this.#delivered(peer)).length > 1;
  }

  /** Takes all ids off the owner's list; returns those that no other peer lists. */
  unlistAll(owner: string): string[] {
    this.#rewrite((list) => this.#without(list, owner));
    return [...this.#ids.keys()].filter((key) => this.#ids.get(key)!.peers.length === 0);
  }

  /**
   * Unconfirmed ids wanted since before `at`, and confirmed ids since before `confirmedAt`. Cheap if
   * none can be so old.
   */
  wantedBefore(at: number, confirmedAt: number): string[] {
    if (!this.#roots.reachBefore(at, confirmedAt)) return [];
    // Ids that are confirmed by now move to roots of their own, so that the next call is cheap again.
    this.#rewrite((list) => this.#replace(list, list.peers));
    return [...this.#ids.keys()].filter((key) => isBefore(this.#ids.get(key)!, at, confirmedAt));
  }

  remove(key: string): void {
    this.#ids.delete(key);
    this.#lengths.delete(key);
    this.claims.delete(key);
    if (this.#ids.size === 0) this.#roots = new SourceRoots();
  }

  /** Rewrites each distinct list once, and lets go of lists that no id has. */
  #rewrite(change: (list: SourceList) => SourceList): void {
    this.#roots = new SourceRoots();
    const rewritten = new Map<SourceList, SourceList>();
    for (const [key, list] of this.#ids) {
      this.#ids.set(
        key,
        getOrMake(rewritten, list, () => change(list)),
      );
    }
  }

  #without(list: SourceList, owner: string): SourceList {
    const others = list.peers.filter((other) => other !== owner);
    return this.#replace(list, others);
  }

  /** The same list for other peers; a confirmed list stays confirmed. */
  #replace(list: SourceList, peers: readonly string[]): SourceList {
    const root = this.#roots.root(list.since, this.#isConfirmed(list));
    return peers.reduce((longer, peer) => longer.with(peer), root);
  }
}
