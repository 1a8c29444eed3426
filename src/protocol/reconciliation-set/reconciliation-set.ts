import { bytesToKey, checkId, keyToBytes, kindOf, StoreError } from '../../store/index.ts';
import { ProtocolError } from '../errors.ts';
import type { Listing } from './listing.ts';
import { Listings } from './listings.ts';
import { DEFAULT_SET_OPTIONS, type ReconciliationSetInit } from './options.ts';
import { NO_OWNER } from './orphans.ts';
import { type Said, type Want, Wants } from './wants.ts';

/**
 * The ids we lack, over all peers, and their sources. An id is claimed for at most one peer at a time.
 * Peers are known by their string ids, ids by their 32 bytes. Sources of an id are not bounded in number;
 * ids per peer are. Every order follows from the order of calls alone. Mirrors and orphans:
 * docs/decisions.md, "protocol/reconciliation-set".
 */
export class ReconciliationSet {
  readonly #init: Required<ReconciliationSetInit>;
  readonly #wants: Wants;
  readonly #listings: Listings;

  constructor(init: ReconciliationSetInit = {}) {
    this.#init = { ...DEFAULT_SET_OPTIONS, ...init };
    this.#wants = new Wants(this.#init.delivered);
    this.#listings = new Listings(this.#wants, this.#init.maxOrphans);
  }

  /** Distinct ids missing. */
  get size(): number {
    return this.#wants.ids.size;
  }

  /** Since when the oldest of them is wanted, in milliseconds since the epoch; null if there are none. */
  get oldestSince(): number | null {
    return this.#wants.ids.values().next().value?.since ?? null;
  }

  /** Ids in flight. */
  get claimed(): number {
    return this.#wants.claims.size;
  }

  /** Unclaimed ids, by whether they are known to be large. */
  get unclaimed(): { readonly small: number; readonly large: number } {
    const large = this.#wants.lengths.size - this.#wants.claims.large;
    return { small: this.size - this.claimed - large, large };
  }

  /** Missing ids that no peer lists. */
  get orphans(): number {
    return this.#listings.orphans.listing.known;
  }

  /** Orphans given up for want of room. */
  get lost(): number {
    return this.#listings.orphans.lost;
  }

  /** Unknown ids that `peer` may add; with 0 a session with it has no use. */
  room(peer: string): number {
    const { maxIds, maxIdsPerPeer } = this.#init;
    return Math.max(0, Math.min(maxIds - this.size, maxIdsPerPeer - this.listed(peer)));
  }

  /** Missing ids that `peer` said itself to have. */
  listed(peer: string): number {
    return this.#listings.get(peer)?.known ?? 0;
  }

  /**
   * Says that `peer` has `ids`; returns the number of new ones. Throws `INVALID_PEER`,
   * `INVALID_LIST` or `INVALID_ID`, and adds none then.
   */
  add(peer: string, ids: Iterable<Uint8Array>): number {
    checkPeer(peer);
    const keys = keysOf(ids);
    const before = this.size;
    const listing = this.#listings.make(peer);
    listing.join(peer);
    for (const key of keys) this.#add(listing, key);
    this.#listings.tidy(listing);
    return this.size - before;
  }

  /** Wants again ids that were wanted before; no peer is a source of them yet. */
  restore(wants: Iterable<Want>): void {
    for (const { id, since, confirmed } of wants) {
      const key = keyOf(id);
      if (this.#wants.ids.has(key) || this.size >= this.#init.maxIds) continue;
      this.#wants.begin(key, since, confirmed);
      this.#listings.orphan(key);
    }
  }

  /**
   * Says that `peer` holds all ids that `of` listed or will list. It ends when either turns out to lack
   * several of these ids, when `peer` mirrors another peer, and by `unmirror` or `drop`. If `of` is a
   * mirror and lists nothing, the peer that it mirrors is meant.
   */
  mirror(peer: string, of: string): void {
    checkPeer(peer);
    checkPeer(of);
    const owner = this.listed(of) > 0 ? of : (this.mirrors(of) ?? of);
    if (owner === peer || this.mirrors(peer) === owner) return;
    this.unmirror(peer);
    this.#listings.mirror(peer, owner);
    this.#init.mirrored();
  }

  /** `peer` is a source of the ids it listed itself alone. Its claims stay. */
  unmirror(peer: string): void {
    this.#listings.unmirror(peer);
  }

  /** Whose listing `peer` mirrors, if any. */
  mirrors(peer: string): string | undefined {
    return this.#listings.mirroredBy(peer);
  }

  /** Lets `peer` be asked for orphans, until it turns out to lack too many of them. */
  probe(peer: string): void {
    checkPeer(peer);
    this.#listings.orphans.listing.join(peer);
  }

  has(id: Uint8Array): boolean {
    return this.#wants.ids.has(keyOf(id));
  }

  /** Whether `peer` itself said that it has `id`, which is missing. */
  lists(peer: string, id: Uint8Array): boolean {
    const key = keyOf(id);
    return this.#wants.isListed(peer, key) && this.#listings.get(peer)!.offers(peer, key);
  }

  /** Undefined if the id is not missing. */
  want(id: Uint8Array): Want | undefined {
    return this.#wants.want(keyOf(id));
  }

  /** Notes the length of a missing item by the word of a peer. */
  enlarge(id: Uint8Array, said: Said): void {
    const key = keyOf(id);
    if (!this.#wants.ids.has(key)) return;
    this.#wants.say(key, said);
    this.#listings.requeue(key);
  }

  /** The last word of a peer about the length of a missing item. */
  said(id: Uint8Array): Said | undefined {
    const { lengths } = this.#wants;
    return lengths.size === 0 ? undefined : lengths.get(keyOf(id));
  }

  /** Forgets all lengths that `peer` said: one of them was wrong. */
  unsay(peer: string): void {
    for (const key of this.#wants.unsay(peer)) this.#listings.requeue(key);
  }

  /** Bytes of the payload of a missing id, if a source said that it is large. */
  length(id: Uint8Array): number | undefined {
    return this.#wants.lengths.get(keyOf(id))?.bytes;
  }

  /** Listers of `id` in their order, each before its mirrors; empty for an orphan. */
  sources(id: Uint8Array): string[] {
    const key = keyOf(id);
    const owners = this.#wants.ids.get(key)?.peers.filter((owner) => owner !== NO_OWNER) ?? [];
    const listings = owners.map((owner) => this.#listings.get(owner)!);
    const sources = listings.flatMap((listing) =>
      listing.holders.filter((holder) => listing.offers(holder, key)),
    );
    return [...new Set(sources)];
  }

  /** Whether `peer` lists `id`, mirrors a lister, or may be asked for orphans. */
  mayAsk(peer: string, id: Uint8Array): boolean {
    const key = keyOf(id);
    return this.#listings
      .offered(peer)
      .some((listing) => this.#wants.isListed(listing.owner, key) && listing.offers(peer, key));
  }

  /** The peer that `id` is claimed for, if any. */
  claimedBy(id: Uint8Array): string | undefined {
    return this.#wants.claims.get(keyOf(id))?.peer;
  }

  /**
   * Claims up to `max` unclaimed ids that `peer` may be asked for and that are not known to be large,
   * oldest first; an id that was given back counts from then. Its own listing comes first, then the
   * mirrored listing, then orphans. The amortised cost is that of the returned ids.
   */
  claim(peer: string, max: number): Uint8Array[] {
    return this.#listings.claim(peer, 'small', { max }).map(keyToBytes);
  }

  /** Claims large ids likewise: as many as make `maxBytes`, at least one, at most `max`. */
  claimLarge(peer: string, limits: { max: number; maxBytes: number }): Uint8Array[] {
    return this.#listings.claim(peer, 'large', limits).map(keyToBytes);
  }

  /**
   * Gives back `peer`'s claim on `id`. With `forget` the peer is no longer a source. An id without
   * sources is dropped then, but with `keep`, or if it is confirmed, it becomes an orphan. `length`
   * is the word of the peer about a large item. False if the peer had no claim.
   */
  release(
    peer: string,
    id: Uint8Array,
    init: { forget?: boolean; keep?: boolean; length?: number } = {},
  ): boolean {
    const key = keyOf(id);
    if (this.#wants.claims.get(key)?.peer !== peer) return false;
    if (init.length !== undefined) this.enlarge(id, { peer, bytes: init.length });
    this.#listings.unclaim(key);
    if (init.forget) this.#listings.deny(peer, key, init.keep !== true);
    return true;
  }

  /** The id came: it is gone for all peers. False if it was not missing. */
  received(id: Uint8Array): boolean {
    return this.#listings.remove(keyOf(id));
  }

  /** Likewise for several ids, as keys. Returns whether any was missing. */
  stored(keys: Iterable<string>): boolean {
    if (this.size === 0) return false;
    return [...keys].filter((key) => this.#listings.remove(key)).length > 0;
  }

  /**
   * Forgets a peer as a source and gives back its claims. Its ids stay wanted, by its mirrors or as
   * orphans; with `denied`, ids that no other peer ever listed are dropped instead.
   */
  drop(peer: string, init: { denied?: boolean } = {}): void {
    this.#listings.drop(peer, init.denied === true);
    const claims = [...this.#wants.claims].filter(([, claim]) => claim.peer === peer);
    for (const [key] of claims) this.#listings.unclaim(key);
  }

  /**
   * Drops ids that are wanted since before `at`, or confirmed and wanted since before `confirmedAt`, and
   * not in flight; returns them.
   */
  expire(at: number, confirmedAt: number = Number.NEGATIVE_INFINITY): Uint8Array[] {
    const keys = this.#wants
      .wantedBefore(at, confirmedAt)
      .filter((key) => !this.#wants.claims.has(key));
    for (const key of keys) this.#listings.remove(key);
    return keys.map(keyToBytes);
  }

  /** Up to `max` of the missing ids, orphans first. The set may change meanwhile. */
  *wants(max: number): Iterable<Want> {
    let left = max;
    for (const orphans of [true, false]) {
      if (orphans && this.orphans === 0) continue;
      for (const key of this.#wants.ids.keys()) {
        if (left <= 0) return;
        if (this.#wants.isListed(NO_OWNER, key) !== orphans) continue;
        left--;
        yield this.#wants.want(key)!;
      }
    }
  }

  /** Missing ids, oldest first. */
  *missing(): Iterable<Uint8Array> {
    for (const key of this.#wants.ids.keys()) yield keyToBytes(key);
  }

  #add(listing: Listing, key: string): void {
    const { owner } = listing;
    if (this.#wants.isListed(owner, key)) {
      listing.affirm(owner, key);
      return;
    }
    const { maxIds, maxIdsPerPeer, now } = this.#init;
    const known = this.#wants.ids.has(key);
    if (listing.known >= maxIdsPerPeer || (!known && this.size >= maxIds)) return;
    if (!known) this.#wants.begin(key, now());
    this.#listings.list(listing, key);
  }
}

function checkPeer(peer: string): void {
  if (typeof peer === 'string' && peer !== NO_OWNER) return;
  throw new ProtocolError('INVALID_PEER', `a peer is a string with text, not ${kindOf(peer)}`);
}

function keyOf(id: Uint8Array): string {
  checkId(id);
  return bytesToKey(id);
}

function keysOf(ids: Iterable<Uint8Array>): string[] {
  if (typeof ids?.[Symbol.iterator] !== 'function') {
    throw new StoreError('INVALID_LIST', `ids are an array or a set of ids, not ${kindOf(ids)}`);
  }
  return Array.from(ids, keyOf);
}
