import type { Multiaddr } from '@multiformats/multiaddr';
import { withoutPeer } from '../../peer-address.ts';

/** Addresses kept at most. */
const MAX_KEPT = 32;

/** Announcements under the identity of this node that another run of it made, for instance a copy. */
export class OwnRecords {
  readonly #own: () => readonly Multiaddr[];
  readonly #foreign = new Set<string>();

  /** @param own Addresses of this node. */
  constructor(own: () => readonly Multiaddr[]) {
    this.#own = own;
  }

  /** Addresses that were told under this identity, and are not of this node. */
  get foreign(): readonly string[] {
    return [...this.#foreign];
  }

  /** Takes the addresses of an announcement, and returns whether any of them is foreign and new. */
  heard(addresses: readonly string[]): boolean {
    const own = new Set(this.#own().map((address) => withoutPeer(address.toString())));
    const fresh = addresses
      .filter((address) => !own.has(address) && !this.#foreign.has(address))
      .slice(0, MAX_KEPT - this.#foreign.size);
    for (const address of fresh) this.#foreign.add(address);
    return fresh.length > 0;
  }
}
