import { bytesToKey } from '../../store/index.ts';
import { Listing } from './listing.ts';
import { NOBODY, Orphans } from './orphans.ts';
import { type Said, Wants } from './wants.ts';

export interface WantLedgerInit {
  maxIdsPerPeer: number;
  maxIds: number;
  maxOrphans: number;
  now: () => number;
  /** Called with each id that is not wanted any more. */
  removed: (key: string) => void;
}

/** What is missing and who has it, by their own word, as a mirror of another or on a chance. */
export class WantLedger {
  readonly wants: Wants = new Wants();
  readonly orphans: Orphans;
  readonly #init: WantLedgerInit;
  /** By owner. One whose owner has gone stays while mirrors have it. */
  readonly #listings = new Map<string, Listing>();
  /** The owner of the listing that a peer mirrors. */
  readonly #mirrored = new Map<string, string>();

  constructor(init: WantLedgerInit) {
    this.#init = init;
    this.orphans = new Orphans(init.maxOrphans);
    this.#listings.set(NOBODY, this.orphans.listing);
  }

  room(peer: string): number {
    const { maxIds, maxIdsPerPeer } = this.#init;
    return Math.max(0, Math.min(maxIds - this.wants.size, maxIdsPerPeer - this.listed(peer)));
  }

  listed(peer: string): number {
    return this.#listings.get(peer)?.known ?? 0;
  }

  add(peer: string, ids: Iterable<Uint8Array>): void {
    const listing = this.#listing(peer);
    listing.join(peer);
    for (const id of ids) this.#addOne(listing, bytesToKey(id));
    this.#tidy(listing);
  }

  restore(key: string, { since, confirmed }: { since: number; confirmed: boolean }): void {
    if (this.wants.has(key) || this.wants.size >= this.#init.maxIds) return;
    this.wants.begin(key, since, confirmed);
    this.#orphan(key);
  }

  /** False when that is known, or cannot be. */
  mirror(peer: string, of: string): boolean {
    const listsItself = (this.#listings.get(of)?.known ?? 0) > 0;
    const owner = listsItself ? of : (this.#mirrored.get(of) ?? of);
    if (owner === peer || this.#mirrored.get(peer) === owner) return false;
    this.unmirror(peer);
    const listing = this.#listing(owner);
    if (listing.holders.length === 0) listing.join(owner);
    listing.join(peer);
    this.#mirrored.set(peer, owner);
    return true;
  }

  unmirror(peer: string): void {
    const owner = this.#mirrored.get(peer);
    if (owner === undefined) return;
    this.#mirrored.delete(peer);
    this.#leave(this.#listings.get(owner)!, peer, false);
  }

  mirrors(peer: string): string | undefined {
    return this.#mirrored.get(peer);
  }

  lists(peer: string, key: string): boolean {
    return this.wants.isListed(peer, key) && this.#listings.get(peer)!.offers(peer, key);
  }

  offers(peer: string, key: string): boolean {
    return this.offered(peer).some(
      (listing) => this.wants.isListed(listing.owner, key) && listing.offers(peer, key),
    );
  }

  sources(key: string): string[] {
    const owners = this.wants.get(key)?.peers ?? [];
    const sources = owners.flatMap((owner) => {
      const listing = this.#listings.get(owner)!;
      const holders = owner === NOBODY ? [] : listing.holders;
      return holders.filter((holder) => listing.offers(holder, key));
    });
    return [...new Set(sources)];
  }

  /** Up to `max` ids, first those that nobody lists. */
  first(max: number): string[] {
    const keys: string[] = [];
    for (const orphans of [true, false]) {
      if (orphans && this.orphans.listing.known === 0) continue;
      for (const key of this.wants.keys()) {
        if (keys.length >= max) break;
        if (this.wants.isListed(NOBODY, key) === orphans) keys.push(key);
      }
    }
    return keys;
  }

  /** The listings that `peer` may be asked for, what it is surest to have first. */
  offered(peer: string): Listing[] {
    const listings = [peer, this.#mirrored.get(peer), NOBODY].map((owner) =>
      owner === undefined ? undefined : this.#listings.get(owner),
    );
    return listings.filter((listing) => listing?.isHeldBy(peer) === true) as Listing[];
  }

  /** The next id in line that is still listed. */
  next(listing: Listing, kind: 'small' | 'large'): string | undefined {
    for (;;) {
      const key = listing[kind].shift();
      if (key === undefined || this.#isLive(listing, kind, key)) return key;
    }
  }

  /** Puts an id in line again at the listings that have passed it over. */
  requeue(key: string, owners: readonly string[]): void {
    for (const owner of owners) {
      if (this.wants.isListed(owner, key)) this.#enqueue(this.#listings.get(owner)!, key);
    }
  }

  /** The id is said to be large: it goes into another line everywhere. */
  enlarge(key: string, said: Said): void {
    this.wants.say(key, said);
    this.requeue(key, this.wants.get(key)!.peers);
  }

  /** What a peer said to be large is not known to be; the ids. */
  unsay(peer: string): string[] {
    const keys = this.wants.unsay(peer);
    for (const key of keys) this.requeue(key, this.wants.get(key)!.peers);
    return keys;
  }

  /** `peer` does not bring what it may be asked for; `keep`: somebody may have it all the same. */
  deny(peer: string, key: string, keep: boolean): void {
    for (const listing of this.offered(peer)) {
      if (!this.wants.isListed(listing.owner, key)) continue;
      const ended = listing.deny(peer, key);
      if (listing.owner === NOBODY) {
        for (const prober of ended) listing.leave(prober);
      } else {
        this.#settle(listing, keep);
        for (const mirror of ended) this.unmirror(mirror);
      }
    }
  }

  drop(peer: string, denied: boolean): void {
    this.unmirror(peer);
    this.orphans.listing.leave(peer);
    const listing = this.#listings.get(peer);
    if (listing !== undefined) this.#leave(listing, peer, denied);
  }

  /** False when it was not wanted. */
  remove(key: string): boolean {
    const list = this.wants.get(key);
    if (list === undefined) return false;
    this.wants.remove(key);
    for (const owner of list.peers) this.#lose(this.#listings.get(owner)!, key);
    this.orphans.left(key);
    this.#init.removed(key);
    return true;
  }

  #addOne(listing: Listing, key: string): void {
    const { owner } = listing;
    if (this.wants.isListed(owner, key)) {
      listing.affirm(owner, key);
      return;
    }
    const { maxIds, maxIdsPerPeer, now } = this.#init;
    const known = this.wants.has(key);
    if (listing.known >= maxIdsPerPeer || (!known && this.wants.size >= maxIds)) return;
    if (!known) this.wants.begin(key, now());
    else if (this.wants.isListed(NOBODY, key)) this.#unlist(this.orphans.listing, key);
    this.#list(listing, key);
  }

  #list(listing: Listing, key: string): void {
    listing.known++;
    this.wants.list(listing.owner, key);
    this.#enqueue(listing, key);
  }

  /** Takes an id off a listing; whether another one has it. */
  #unlist(listing: Listing, key: string): boolean {
    const listed = this.wants.unlist(listing.owner, key);
    this.#lose(listing, key);
    return listed;
  }

  /** `holder` may no longer be asked for what is listed. */
  #leave(listing: Listing, holder: string, denied: boolean): void {
    listing.leave(holder);
    if (listing.holders.length === 0) {
      this.#close(listing, denied);
    } else {
      this.#settle(listing, false);
      this.#tidy(listing);
    }
  }

  /** Takes ids off the listing that none of its holders has. */
  #settle(listing: Listing, keep: boolean): void {
    for (const key of listing.takeDenied()) {
      if (!this.wants.isListed(listing.owner, key)) continue;
      if (!this.#unlist(listing, key)) this.#bereave(key, !keep);
    }
  }

  #close({ owner }: Listing, denied: boolean): void {
    this.#listings.delete(owner);
    const keys = this.wants.unlistAll(owner);
    let surplus = keys.length - this.#init.maxOrphans;
    for (const key of keys) {
      // Those behind it take all the room there is.
      if (surplus-- > 0 && !denied && !this.wants.get(key)!.confirmed) this.#lost(key);
      else this.#bereave(key, denied);
    }
  }

  #lost(key: string): void {
    this.orphans.lost++;
    this.remove(key);
  }

  /** Nobody lists the id any more. */
  #bereave(key: string, denied: boolean): void {
    if (denied && !this.wants.get(key)!.confirmed) this.remove(key);
    else this.#orphan(key);
  }

  /** Keeps an id that nobody lists, if there is room. */
  #orphan(key: string): void {
    const victim = this.orphans.admit(key, this.wants.get(key)!.confirmed);
    this.#list(this.orphans.listing, key);
    if (victim !== null) this.remove(victim);
  }

  #listing(owner: string): Listing {
    let listing = this.#listings.get(owner);
    if (listing === undefined) {
      listing = new Listing({ owner });
      this.#listings.set(owner, listing);
    }
    return listing;
  }

  /** One of the listed ids is not missing any more, or not listed. */
  #lose(listing: Listing, key: string): void {
    listing.known--;
    if (listing.owner === NOBODY) this.orphans.left(key);
    else this.#tidy(listing);
  }

  /** An empty listing is kept only for a peer that may list more for its mirrors. */
  #tidy(listing: Listing): void {
    if (listing.known > 0) return;
    const { owner, mirrors } = listing;
    if (mirrors.length > 0 && listing.isHeldBy(owner)) return;
    this.#listings.delete(owner);
    for (const mirror of mirrors) this.#mirrored.delete(mirror);
  }

  #enqueue(listing: Listing, key: string): void {
    const kind = this.wants.length(key) === undefined ? 'small' : 'large';
    listing[kind].push(key, listing.known, (queued) => this.#isLive(listing, kind, queued));
  }

  #isLive({ owner }: Listing, kind: 'small' | 'large', key: string): boolean {
    const isLarge = this.wants.length(key) !== undefined;
    return this.wants.isListed(owner, key) && isLarge === (kind === 'large');
  }
}
