interface ModelListing {
  readonly owner: string;
  readonly holders: { readonly peer: string; denied: number[] }[];
}

/** The set as one would write it without a thought for cost. */
export class Model {
  readonly #listed = new Map<number, string[]>();
  readonly #confirmed = new Set<number>();
  readonly #kept = new Set<number>();
  readonly #claims = new Map<number, string>();
  readonly #large = new Set<number>();
  readonly #probers = new Map<string, number[]>();
  readonly #keepsOrphans: boolean;
  #listings: ModelListing[] = [];

  constructor(keepsOrphans: boolean) {
    this.#keepsOrphans = keepsOrphans;
  }

  add(peer: string, ids: number[]): number {
    let fresh = 0;
    const holder = this.#join(this.#listing(peer), peer);
    for (const n of ids) {
      const owners = this.#owners(n);
      if (!this.#listed.has(n)) fresh++;
      if (owners.includes(peer)) holder.denied = holder.denied.filter((one) => one !== n);
      else this.#listed.set(n, [...owners, peer]);
      if (this.#owners(n).length > 1) this.#confirmed.add(n);
    }
    this.#tidy();
    return fresh;
  }

  mirror(peer: string, of: string): void {
    const listsItself = this.missing().some((n) => this.#owners(n).includes(of));
    const owner = listsItself ? of : (this.mirrors(of) ?? of);
    if (owner === peer || this.mirrors(peer) === owner) return;
    this.unmirror(peer);
    const listing = this.#listing(owner);
    if (listing.holders.length === 0) this.#join(listing, owner);
    this.#join(listing, peer);
  }

  unmirror(peer: string): void {
    this.#leave(peer, (owner) => owner !== peer);
  }

  mirrors(peer: string): string | undefined {
    return this.#held(peer).find(({ owner }) => owner !== peer)?.owner;
  }

  sources(n: number): string[] {
    const holders = this.#owners(n).flatMap((owner) => this.#listing(owner).holders);
    return [...new Set(holders.filter(({ denied }) => !denied.includes(n)).map((h) => h.peer))];
  }

  claimedBy(n: number): string | undefined {
    return this.#claims.get(n);
  }

  probe(peer: string): void {
    if (!this.#probers.has(peer)) this.#probers.set(peer, []);
  }

  available(peer: string, large: boolean): number[] {
    const offered = (n: number) =>
      this.#owners(n).length > 0
        ? this.sources(n).includes(peer)
        : this.#probers.get(peer)?.includes(n) === false;
    return this.missing().filter(
      (n) => offered(n) && !this.#claims.has(n) && this.#large.has(n) === large,
    );
  }

  get unclaimed(): { small: number; large: number } {
    const all = this.missing().filter((n) => !this.#claims.has(n));
    const large = all.filter((n) => this.#large.has(n)).length;
    return { small: all.length - large, large };
  }

  get orphans(): number {
    return this.missing().filter((n) => this.#owners(n).length === 0).length;
  }

  claim(peer: string, ids: number[]): void {
    for (const n of ids) this.#claims.set(n, peer);
  }

  release(
    peer: string,
    n: number,
    init: { forget?: boolean; keep?: boolean; length?: number },
  ): boolean {
    if (this.#claims.get(n) !== peer) return false;
    this.#claims.delete(n);
    if (init.length !== undefined) this.#large.add(n);
    if (!init.forget) return true;
    if (init.keep) this.#kept.add(n);
    for (const listing of this.#held(peer)) this.#deny(listing, peer, n);
    this.#kept.delete(n);
    if (this.#owners(n).length === 0) this.#probers.get(peer)?.push(n);
    return true;
  }

  received(n: number): boolean {
    this.#claims.delete(n);
    this.#large.delete(n);
    this.#confirmed.delete(n);
    const missing = this.#listed.delete(n);
    this.#tidy();
    return missing;
  }

  drop(peer: string, { denied }: { denied: boolean } = { denied: false }): void {
    this.unmirror(peer);
    this.#leave(peer, () => true, denied);
    this.#probers.delete(peer);
    for (const [n, holder] of this.#claims) if (holder === peer) this.#claims.delete(n);
  }

  missing(): number[] {
    return [...this.#listed.keys()];
  }

  #owners(n: number): string[] {
    return this.#listed.get(n) ?? [];
  }

  #listing(owner: string): ModelListing {
    let listing = this.#listings.find((one) => one.owner === owner);
    if (listing === undefined) {
      listing = { owner, holders: [] };
      this.#listings.push(listing);
    }
    return listing;
  }

  #held(peer: string): ModelListing[] {
    return this.#listings.filter(({ holders }) => holders.some((one) => one.peer === peer));
  }

  #join({ holders }: ModelListing, peer: string): ModelListing['holders'][number] {
    const known = holders.find((one) => one.peer === peer);
    if (known !== undefined) return known;
    holders.push({ peer, denied: [] });
    return holders.at(-1)!;
  }

  #leave(peer: string, from: (owner: string) => boolean, denied = false): void {
    for (const { holders } of this.#held(peer).filter(({ owner }) => from(owner))) {
      holders.splice(
        holders.findIndex((one) => one.peer === peer),
        1,
      );
    }
    this.#settle(denied);
  }

  #deny({ owner, holders }: ModelListing, peer: string, n: number): void {
    const holder = holders.find((one) => one.peer === peer)!;
    if (!this.#owners(n).includes(owner) || holder.denied.includes(n)) return;
    holder.denied.push(n);
    const wrong = holder.denied.length >= 8;
    this.#settle();
    if (!wrong) return;
    for (const one of [...holders]) {
      if (one.peer !== owner && (peer === owner || peer === one.peer)) this.unmirror(one.peer);
    }
  }

  /** Ids that none of the peers to ask has are not listed. */
  #settle(denied = false): void {
    for (const { owner, holders } of this.#listings) {
      for (const n of this.missing().filter((one) => this.#owners(one).includes(owner))) {
        if (!holders.every(({ denied }) => denied.includes(n))) continue;
        const rest = this.#owners(n).filter((other) => other !== owner);
        const gone = holders.length === 0 && !denied;
        const worth = gone || this.#confirmed.has(n) || this.#kept.has(n);
        const orphaned = this.#keepsOrphans && worth;
        if (rest.length > 0 || orphaned) this.#listed.set(n, rest);
        else this.received(n);
      }
      const [first, ...others] = holders.map(({ denied }) => denied);
      const all = (first ?? []).filter((n) => others.every((denied) => denied.includes(n)));
      for (const one of holders) one.denied = one.denied.filter((n) => !all.includes(n));
    }
    this.#tidy();
  }

  #tidy(): void {
    this.#listings = this.#listings.filter(({ owner, holders }) => {
      const here = holders.some(({ peer }) => peer === owner);
      const mirrored = holders.some(({ peer }) => peer !== owner);
      return (here && mirrored) || this.missing().some((n) => this.#owners(n).includes(owner));
    });
  }
}
