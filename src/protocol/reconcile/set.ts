import { bytesToKey, keyToBytes } from '../../store/index.ts';
import { Listing } from './listing.ts';
import { SourceList } from './sources.ts';

export interface ReconciliationSetInit {
  /**
   * Ids one peer may be a source of at a time; what it says beyond that is passed over until some
   * have come in, and a later session says it again. Raising it costs about 150 bytes an id and lets
   * a peer that lists what nobody has take more of them.
   * @default 1_048_576
   */
  maxIdsPerPeer?: number;
  /**
   * Distinct ids in all. Further ones are passed over until some have come in.
   * @default 4_194_304
   */
  maxIds?: number;
}

/** A claim on an id, and the listings whose queues have passed the id over since. */
interface Claim {
  readonly peer: string;
  readonly passed: string[];
}

const DEFAULT_MAX_IDS_PER_PEER = 1_048_576;
const DEFAULT_MAX_IDS = 4_194_304;

/**
 * The ids we lack, over all peers, and who has them (design section 8). An id is claimed for at most
 * one peer at a time; peers are known by their string ids, ids by their 32 bytes. Sources of an id
 * are not capped in number; ids per peer are. Every order follows from the order of calls alone.
 *
 * A peer may be said to mirror another: it is then a source of all that the other lists, at the cost
 * of one entry. Such a claim is only an assumption, so it ends soon when it proves wrong.
 */
export class ReconciliationSet {
  readonly #maxIdsPerPeer: number;
  readonly #maxIds: number;
  readonly #ids = new Map<string, SourceList>();
  readonly #claims = new Map<string, Claim>();
  /** By owner. One whose owner has gone stays while mirrors have it. */
  readonly #listings = new Map<string, Listing>();
  /** The owner of the listing that a peer mirrors. */
  readonly #mirrored = new Map<string, string>();
  #nobody = new SourceList();

  constructor(init: ReconciliationSetInit = {}) {
    this.#maxIdsPerPeer = init.maxIdsPerPeer ?? DEFAULT_MAX_IDS_PER_PEER;
    this.#maxIds = init.maxIds ?? DEFAULT_MAX_IDS;
  }

  /** Distinct ids missing. */
  get size(): number {
    return this.#ids.size;
  }

  /** Ids in flight. */
  get claimed(): number {
    return this.#claims.size;
  }

  /** How many ids unknown until now `peer` may add; with 0 a session with it has no use. */
  room(peer: string): number {
    const known = this.#listings.get(peer)?.known ?? 0;
    return Math.max(0, Math.min(this.#maxIds - this.#ids.size, this.#maxIdsPerPeer - known));
  }

  /** Says that `peer` has `ids`; returns how many of them were unknown until now. */
  add(peer: string, ids: Iterable<Uint8Array>): number {
    const before = this.#ids.size;
    const listing = this.#listing(peer);
    listing.join(peer);
    for (const id of ids) this.#addOne(listing, bytesToKey(id));
    this.#tidy(listing);
    return this.#ids.size - before;
  }

  /**
   * Says that `peer` holds whatever `of` listed or will list. It ends when `peer` turns out to lack
   * several of these ids, or `of` does, when a mirror of another peer begins, and by `unmirror` or
   * `drop`. When `of` is itself a mirror, what that one mirrors is meant.
   */
  mirror(peer: string, of: string): void {
    const owner = this.#mirrored.get(of) ?? of;
    if (owner === peer || this.#mirrored.get(peer) === owner) return;
    this.unmirror(peer);
    const listing = this.#listings.get(owner) ?? this.#listing(owner);
    if (listing.holders.length === 0) listing.join(owner);
    listing.join(peer);
    this.#mirrored.set(peer, owner);
  }

  /** `peer` is a source of what it listed itself and of nothing else. Its claims stay. */
  unmirror(peer: string): void {
    const owner = this.#mirrored.get(peer);
    if (owner === undefined) return;
    this.#mirrored.delete(peer);
    this.#leave(this.#listings.get(owner)!, peer);
  }

  /** Whose listing `peer` mirrors, if any. */
  mirrors(peer: string): string | undefined {
    return this.#mirrored.get(peer);
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(bytesToKey(id));
  }

  /** Whether `peer` itself said that it has `id`, which is missing. */
  lists(peer: string, id: Uint8Array): boolean {
    const key = bytesToKey(id);
    return this.#listings.get(peer)?.offers(peer, key) === true && this.#isListed(peer, key);
  }

  /**
   * Peers thought to have `id`, in the order they said so, each with its mirrors behind it; empty
   * when it is not missing.
   */
  sources(id: Uint8Array): string[] {
    const key = bytesToKey(id);
    const owners = this.#ids.get(key)?.peers ?? [];
    const sources = owners.flatMap((owner) => {
      const listing = this.#listings.get(owner)!;
      return listing.holders.filter((holder) => listing.offers(holder, key));
    });
    return [...new Set(sources)];
  }

  /** Who `id` is claimed for, if anybody. */
  claimedBy(id: Uint8Array): string | undefined {
    return this.#claims.get(bytesToKey(id))?.peer;
  }

  /**
   * Claims up to `max` unclaimed ids that `peer` has, oldest first; an id that was given back counts
   * from then. What it listed itself comes before what it mirrors. Amortised over `add` and `release`
   * the cost is that of the ids returned.
   */
  claim(peer: string, max: number): Uint8Array[] {
    const claimed: Uint8Array[] = [];
    for (const listing of this.#offered(peer)) this.#claimFrom(listing, peer, max, claimed);
    return claimed;
  }

  /**
   * Gives back `peer`'s claim on `id`; with `forget` the peer is no longer a source of it, and an id
   * without a source is dropped. False when the peer had no claim on it.
   */
  release(peer: string, id: Uint8Array, init: { forget?: boolean } = {}): boolean {
    const key = bytesToKey(id);
    if (this.#claims.get(key)?.peer !== peer) return false;
    if (init.forget) this.#forget(peer, key);
    this.#giveBack(key);
    return true;
  }

  /** The id is here now: it is gone for all peers. False when it was not missing. */
  received(id: Uint8Array): boolean {
    const key = bytesToKey(id);
    const sources = this.#ids.get(key);
    if (sources === undefined) return false;
    this.#remove(key);
    for (const owner of sources.peers) this.#lose(this.#listings.get(owner)!);
    return true;
  }

  /**
   * Forgets a peer as a source and gives back its claims. What it listed stays wanted while it has
   * mirrors; other ids with no source left are dropped.
   */
  drop(peer: string): void {
    this.unmirror(peer);
    const listing = this.#listings.get(peer);
    if (listing !== undefined) this.#leave(listing, peer);
    for (const [key, claim] of this.#claims) if (claim.peer === peer) this.#giveBack(key);
  }

  /** Missing ids, oldest first. */
  *missing(): Iterable<Uint8Array> {
    for (const key of this.#ids.keys()) yield keyToBytes(key);
  }

  #addOne(listing: Listing, key: string): void {
    const { owner } = listing;
    const known = this.#ids.get(key);
    if (known === undefined && this.#ids.size >= this.#maxIds) return;
    const sources = known ?? this.#nobody;
    if (sources.has(owner)) {
      listing.affirm(owner, key);
      return;
    }
    if (listing.known >= this.#maxIdsPerPeer) return;
    listing.known++;
    this.#ids.set(key, sources.with(owner));
    this.#enqueue(listing, key);
  }

  /** The listings that `peer` may be asked for. */
  #offered(peer: string): Listing[] {
    const owners = [peer, this.#mirrored.get(peer)];
    const listings = owners.map((owner) =>
      owner === undefined ? owner : this.#listings.get(owner),
    );
    return listings.filter((listing) => listing?.holders.includes(peer) === true) as Listing[];
  }

  #claimFrom(listing: Listing, peer: string, max: number, claimed: Uint8Array[]): void {
    const { owner } = listing;
    const denied: string[] = [];
    while (claimed.length < max) {
      const key = listing.dequeue();
      if (key === undefined) break;
      if (!this.#isListed(owner, key)) continue;
      const passed = this.#claims.get(key)?.passed;
      if (passed === undefined && listing.offers(peer, key)) {
        this.#claims.set(key, { peer, passed: [owner] });
        claimed.push(keyToBytes(key));
      } else if (passed === undefined) denied.push(key);
      else if (!passed.includes(owner)) passed.push(owner);
    }
    for (const key of denied) this.#enqueue(listing, key);
  }

  /** Ends the claim; those whose queues have passed the id over get it again. */
  #giveBack(key: string): void {
    const passed = this.#claims.get(key)?.passed ?? [];
    this.#claims.delete(key);
    for (const owner of passed) {
      if (this.#isListed(owner, key)) this.#enqueue(this.#listings.get(owner)!, key);
    }
  }

  #forget(peer: string, key: string): void {
    for (const listing of this.#offered(peer)) {
      if (!this.#isListed(listing.owner, key)) continue;
      const ended = listing.deny(peer, key);
      this.#settle(listing);
      for (const mirror of ended) this.unmirror(mirror);
    }
  }

  /** `holder` may no longer be asked for what is listed. */
  #leave(listing: Listing, holder: string): void {
    listing.leave(holder);
    if (listing.holders.length === 0) {
      this.#close(listing);
    } else {
      this.#settle(listing);
      this.#tidy(listing);
    }
  }

  /** Takes ids off the listing that none of its holders has. */
  #settle(listing: Listing): void {
    for (const key of listing.takeDenied()) {
      if (!this.#isListed(listing.owner, key)) continue;
      const rest = this.#ids.get(key)!.peers.filter((other) => other !== listing.owner);
      if (rest.length === 0) this.#remove(key);
      else this.#ids.set(key, this.#listOf(rest));
      this.#lose(listing);
    }
  }

  /** One walk over all ids, each distinct list rewritten once; lists that no id has are let go. */
  #close({ owner }: Listing): void {
    this.#listings.delete(owner);
    this.#nobody = new SourceList();
    const rewritten = new Map<SourceList, SourceList>();
    for (const [key, sources] of this.#ids) {
      let rest = rewritten.get(sources);
      if (rest === undefined) {
        rest = this.#listOf(sources.peers.filter((other) => other !== owner));
        rewritten.set(sources, rest);
      }
      if (rest.peers.length === 0) this.#remove(key);
      else this.#ids.set(key, rest);
    }
  }

  #listOf(peers: readonly string[]): SourceList {
    return peers.reduce((list, peer) => list.with(peer), this.#nobody);
  }

  #remove(key: string): void {
    this.#ids.delete(key);
    this.#claims.delete(key);
    if (this.#ids.size === 0) this.#nobody = new SourceList();
  }

  #isListed(owner: string, key: string): boolean {
    return this.#ids.get(key)?.has(owner) === true;
  }

  #listing(owner: string): Listing {
    let listing = this.#listings.get(owner);
    if (listing === undefined) {
      listing = new Listing(owner);
      this.#listings.set(owner, listing);
    }
    return listing;
  }

  /** One of the listed ids is not missing any more, or not listed. */
  #lose(listing: Listing): void {
    listing.known--;
    this.#tidy(listing);
  }

  /** An empty listing is kept only for a peer that may list more for its mirrors. */
  #tidy(listing: Listing): void {
    if (listing.known > 0) return;
    const { owner, mirrors, holders } = listing;
    if (mirrors.length > 0 && holders.includes(owner)) return;
    this.#listings.delete(owner);
    for (const mirror of mirrors) this.#mirrored.delete(mirror);
  }

  #enqueue(listing: Listing, key: string): void {
    listing.enqueue(key, (queued) => this.#isListed(listing.owner, queued));
  }
}
