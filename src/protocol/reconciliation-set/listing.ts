import { IdQueue } from './id-queue.ts';

/** A mirror that turned out to lack this many ids ends. */
const MAX_FAULTS = 8;

export interface ListingInit {
  owner: string;
  /**
   * Ids a holder other than the owner may turn out not to have before it is asked no more.
   * @default 8
   */
  maxFaults?: number;
}

/**
 * The ids that one peer said it has, oldest first, and the holders that may be asked for them. Holders
 * are the peer itself while it is connected, and its mirrors. An id that a holder turned out to lack is
 * noted, so that it is not asked again. Ids are keys.
 */
export class Listing {
  readonly owner: string;
  /** Ids of unknown length, and those known to be large. */
  readonly small: IdQueue = new IdQueue();
  readonly large: IdQueue = new IdQueue();
  /** Ids listed and missing. */
  known = 0;
  readonly #maxFaults: number;
  /** The peers that may be asked, and the ids that each lacks. */
  readonly #holders = new Map<string, Set<string>>();

  constructor({ owner, maxFaults = MAX_FAULTS }: ListingInit) {
    this.owner = owner;
    this.#maxFaults = maxFaults;
  }

  get holders(): string[] {
    return [...this.#holders.keys()];
  }

  get mirrors(): string[] {
    return this.holders.filter((holder) => holder !== this.owner);
  }

  isHeldBy(holder: string): boolean {
    return this.#holders.has(holder);
  }

  join(holder: string): void {
    if (!this.#holders.has(holder)) this.#holders.set(holder, new Set());
  }

  leave(holder: string): void {
    this.#holders.delete(holder);
  }

  offers(holder: string, key: string): boolean {
    return this.#holders.get(holder)?.has(key) === false;
  }

  /** `holder` does not have a listed id; returns the mirrors that end by that. */
  deny(holder: string, key: string): string[] {
    const denied = this.#holders.get(holder);
    denied?.add(key);
    if (denied === undefined || denied.size < this.#maxFaults) return [];
    return holder === this.owner ? this.mirrors : [holder];
  }

  /** `holder` says anew that it has an id. */
  affirm(holder: string, key: string): void {
    this.#holders.get(holder)?.delete(key);
  }

  takeDenied(): string[] {
    const [first, ...others] = this.#holders.values();
    const denied = [...(first ?? [])].filter((key) => others.every((other) => other.has(key)));
    for (const key of denied) for (const holder of this.#holders.values()) holder.delete(key);
    return denied;
  }
}
