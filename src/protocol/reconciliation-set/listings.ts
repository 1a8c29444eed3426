import { invariant } from '../../store/index.ts';
import { getOrMake } from '../get-or-make.ts';
import { Listing } from './listing.ts';
import { NO_OWNER, Orphans } from './orphans.ts';
import type { SizeKind, Wants } from './wants.ts';

/** Which peer may be asked for which wanted id: listings, mirrors and orphans. Ids are keys. */
export class Listings {
  readonly orphans: Orphans;
  readonly #wants: Wants;
  /** By owner. A listing whose owner has gone stays while mirrors hold it. */
  readonly #byOwner = new Map<string, Listing>();
  /** The owner of the listing that a peer mirrors. */
  readonly #mirrored = new Map<string, string>();

  constructor(wants: Wants, maxOrphans: number) {
    this.#wants = wants;
    this.orphans = new Orphans(maxOrphans);
    this.#byOwner.set(NO_OWNER, this.orphans.listing);
  }

  get(owner: string): Listing | undefined {
    return this.#byOwner.get(owner);
  }

  make(owner: string): Listing {
    return getOrMake(this.#byOwner, owner, () => new Listing({ owner }));
  }

  mirroredBy(peer: string): string | undefined {
    return this.#mirrored.get(peer);
  }

  /** `peer` mirrored no listing until now. */
  mirror(peer: string, owner: string): void {
    const listing = this.make(owner);
    if (listing.holders.length === 0) listing.join(owner);
    listing.join(peer);
    this.#mirrored.set(peer, owner);
  }

  unmirror(peer: string): void {
    const owner = this.#mirrored.get(peer);
    if (owner === undefined) return;
    this.#mirrored.delete(peer);
    this.#leave(this.#byOwner.get(owner)!, peer, false);
  }

  /** `peer` is no source any more; `denied`: ids that only it ever listed are dropped. */
  drop(peer: string, denied: boolean): void {
    this.unmirror(peer);
    this.orphans.listing.leave(peer);
    const listing = this.#byOwner.get(peer);
    if (listing !== undefined) this.#leave(listing, peer, denied);
  }

  /** `peer` does not deliver an id; `denied`: without another source the id is dropped. */
  deny(peer: string, key: string, denied: boolean): void {
    for (const listing of this.offered(peer)) {
      if (!this.#wants.isListed(listing.owner, key)) continue;
      const ended = listing.deny(peer, key);
      if (listing.owner === NO_OWNER) {
        for (const prober of ended) listing.leave(prober);
      } else {
        this.#dropOrOrphan(this.#takeDenied(listing), denied);
        for (const mirror of ended) this.unmirror(mirror);
      }
    }
  }

  /** The listings that `peer` may be asked for, its own first, orphans last. */
  offered(peer: string): Listing[] {
    const listings = [peer, this.#mirrored.get(peer), NO_OWNER].map((owner) =>
      owner === undefined ? undefined : this.#byOwner.get(owner),
    );
    return listings.filter((listing) => listing?.isHeldBy(peer) === true) as Listing[];
  }

  /** Adds an id to a listing; it is no orphan any more. */
  list(listing: Listing, key: string): void {
    if (this.#wants.isListed(NO_OWNER, key)) this.#unlist(this.orphans.listing, key);
    const { owner } = listing;
    invariant(!this.#wants.isListed(owner, key), 'process', 'LISTED_TWICE', owner);
    listing.known++;
    this.#wants.list(owner, key);
    this.#enqueue(listing, key);
  }

  /** Keeps an id that no peer lists, if there is room. */
  orphan(key: string): void {
    const victim = this.orphans.admit(key, this.#wants.ids.get(key)!.confirmed);
    this.list(this.orphans.listing, key);
    if (victim !== null) this.remove(victim);
    const { listing, max } = this.orphans;
    invariant(listing.known <= max, 'process', 'ORPHANS_BOUND', [listing.known, max]);
  }

  /** The id is not wanted any more. False when it was not wanted. */
  remove(key: string): boolean {
    const list = this.#wants.ids.get(key);
    if (list === undefined) return false;
    this.#wants.remove(key);
    for (const owner of list.peers) this.#forget(owner, key);
    return true;
  }

  /** Removes an empty listing, unless its owner may list more for its mirrors. */
  tidy(listing: Listing): void {
    if (listing.known > 0) return;
    const { owner, mirrors } = listing;
    if (mirrors.length > 0 && listing.isHeldBy(owner)) return;
    this.#byOwner.delete(owner);
    for (const mirror of mirrors) this.#mirrored.delete(mirror);
  }

  /** Claims ids for `peer` in the order of its listings and their queues. */
  claim(peer: string, kind: SizeKind, limits: { max: number; maxBytes?: number }): string[] {
    const { claims } = this.#wants;
    const { max, maxBytes = Number.POSITIVE_INFINITY } = limits;
    const claimed: string[] = [];
    let bytes = 0;
    for (const listing of this.offered(peer)) {
      const denied: string[] = [];
      while (claimed.length < max && bytes < maxBytes) {
        const key = listing[kind].shift((queued) => this.#isLive(listing, kind, queued));
        if (key === undefined) break;
        const passed = claims.get(key)?.passed;
        if (passed !== undefined) {
          if (!passed.includes(listing.owner)) passed.push(listing.owner);
        } else if (!listing.offers(peer, key)) denied.push(key);
        else {
          invariant(this.#wants.ids.has(key), 'process', 'CLAIMED_UNWANTED', peer);
          claims.set(key, { peer, large: kind === 'large', passed: [listing.owner] });
          claimed.push(key);
          bytes += this.#wants.lengths.get(key)?.bytes ?? 0;
        }
      }
      for (const key of denied) this.requeue(key, [listing.owner]);
    }
    return claimed;
  }

  /** Puts an id back into the queues of `owners`, by default of all that list it. */
  requeue(key: string, owners: readonly string[] = this.#wants.ids.get(key)!.peers): void {
    for (const owner of owners) {
      if (this.#wants.isListed(owner, key)) this.#enqueue(this.#byOwner.get(owner)!, key);
    }
  }

  /** Ends a claim: the listings whose queues have passed the id over queue it again. */
  unclaim(key: string): void {
    const { claims } = this.#wants;
    const { passed } = claims.get(key)!;
    claims.delete(key);
    this.requeue(key, passed);
  }

  /** `holder` may no longer be asked for the ids of a listing. */
  #leave(listing: Listing, holder: string, denied: boolean): void {
    listing.leave(holder);
    if (listing.holders.length === 0) {
      const { owner } = listing;
      this.#byOwner.delete(owner);
      this.#dropOrOrphan(this.#wants.unlistAll(owner), denied);
    } else {
      this.#dropOrOrphan(this.#takeDenied(listing), true);
      this.tidy(listing);
    }
  }

  /** Takes ids off a listing that all its holders lack; returns those that no other peer lists. */
  #takeDenied(listing: Listing): string[] {
    const keys = listing.takeDenied().filter((key) => this.#wants.isListed(listing.owner, key));
    return keys.filter((key) => !this.#unlist(listing, key));
  }

  /** The last lister of `keys` has gone. */
  #dropOrOrphan(keys: readonly string[], denied: boolean): void {
    let surplus = keys.length - this.orphans.max;
    for (const key of keys) {
      if (this.#wants.ids.get(key)!.confirmed) this.orphan(key);
      else if (denied) this.remove(key);
      else if (surplus > 0) {
        // The ids behind it take all the room there is.
        this.orphans.lost++;
        this.remove(key);
      } else this.orphan(key);
      surplus--;
    }
  }

  /** Takes an id off a listing; returns whether another listing has it. */
  #unlist(listing: Listing, key: string): boolean {
    const listed = this.#wants.unlist(listing.owner, key);
    this.#forget(listing.owner, key);
    return listed;
  }

  #forget(owner: string, key: string): void {
    const listing = this.#byOwner.get(owner)!;
    listing.known--;
    invariant(listing.known >= 0, 'process', 'LISTING_COUNT', [owner, listing.known]);
    if (owner === NO_OWNER) this.orphans.left(key);
    else this.tidy(listing);
  }

  #enqueue(listing: Listing, key: string): void {
    const kind = this.#wants.kind(key);
    listing[kind].push(key, listing.known, (queued) => this.#isLive(listing, kind, queued));
  }

  #isLive({ owner }: Listing, kind: SizeKind, key: string): boolean {
    return this.#wants.isListed(owner, key) && this.#wants.kind(key) === kind;
  }
}
