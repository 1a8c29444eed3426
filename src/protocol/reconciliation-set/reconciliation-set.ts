import { bytesToKey, keyToBytes } from '../../store/index.ts';
import { Claims } from './claims.ts';
import { WantLedger } from './want-ledger.ts';
import type { Said } from './wants.ts';

export type { Said } from './wants.ts';

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
  /**
   * Ids that stay wanted when the last peer that listed them has gone. Raising it costs as much.
   * @default 65_536
   */
  maxOrphans?: number;
  /**
   * Milliseconds since the epoch.
   * @default always 0: it is not known since when an id is wanted
   */
  now?: () => number;
  /**
   * Called when a peer may be asked for more than before because it mirrors another.
   * @default nobody is told
   */
  mirrored?: () => void;
}

/** Why an id is wanted. */
export interface Want {
  readonly id: Uint8Array;
  /** Milliseconds since the epoch, to a minute. */
  readonly since: number;
  /** Two peers have said that they have it. */
  readonly confirmed: boolean;
}

const DEFAULT_MAX_IDS_PER_PEER = 1_048_576;
const DEFAULT_MAX_IDS = 4_194_304;
const DEFAULT_MAX_ORPHANS = 65_536;

/**
 * The ids we lack, over all peers, and who has them (design section 8). An id is claimed for at most
 * one peer at a time; peers are known by their string ids, ids by their 32 bytes. Sources of an id
 * are not capped in number; ids per peer are. Every order follows from the order of calls alone.
 *
 * A peer may be said to mirror another: it is then a source of all that the other lists, at the cost
 * of one entry. Such a claim is only an assumption, so it ends soon when it proves wrong. An id whose
 * sources have all gone is an orphan: it stays wanted, and peers may be probed for it. An id that its
 * only source turned out not to have is dropped.
 */
export class ReconciliationSet {
  readonly #ledger: WantLedger;
  readonly #claims = new Claims();
  readonly #mirrored: () => void;

  constructor(init: ReconciliationSetInit = {}) {
    this.#mirrored = init.mirrored ?? (() => {});
    this.#ledger = new WantLedger({
      maxIdsPerPeer: init.maxIdsPerPeer ?? DEFAULT_MAX_IDS_PER_PEER,
      maxIds: init.maxIds ?? DEFAULT_MAX_IDS,
      maxOrphans: init.maxOrphans ?? DEFAULT_MAX_ORPHANS,
      now: init.now ?? (() => 0),
      removed: (key) => this.#claims.end(key),
    });
  }

  /** Distinct ids missing. */
  get size(): number {
    return this.#ledger.wants.size;
  }

  /** Ids in flight. */
  get claimed(): number {
    return this.#claims.size;
  }

  /** Ids that nobody has claimed, by whether they are known to be large. */
  get unclaimed(): { readonly small: number; readonly large: number } {
    const large = this.#ledger.wants.large - this.#claims.large;
    return { small: this.size - this.claimed - large, large };
  }

  /** Missing ids that nobody lists. */
  get orphans(): number {
    return this.#ledger.orphans.listing.known;
  }

  /** Orphans given up for want of room. */
  get lost(): number {
    return this.#ledger.orphans.lost;
  }

  /** How many ids unknown until now `peer` may add; with 0 a session with it has no use. */
  room(peer: string): number {
    return this.#ledger.room(peer);
  }

  /** Missing ids that `peer` said itself to have. */
  listed(peer: string): number {
    return this.#ledger.listed(peer);
  }

  /** Says that `peer` has `ids`; returns how many of them were unknown until now. */
  add(peer: string, ids: Iterable<Uint8Array>): number {
    const before = this.size;
    this.#ledger.add(peer, ids);
    return this.size - before;
  }

  /** Wants again what was wanted before, on nobody's word. */
  restore(wants: Iterable<Want>): void {
    for (const want of wants) this.#ledger.restore(bytesToKey(want.id), want);
  }

  /**
   * Says that `peer` holds whatever `of` listed or will list. It ends when `peer` turns out to lack
   * several of these ids, or `of` does, when a mirror of another peer begins, and by `unmirror` or
   * `drop`. When `of` is a mirror and lists nothing, what it mirrors is meant.
   */
  mirror(peer: string, of: string): void {
    if (this.#ledger.mirror(peer, of)) this.#mirrored();
  }

  /** `peer` is a source of what it listed itself and of nothing else. Its claims stay. */
  unmirror(peer: string): void {
    this.#ledger.unmirror(peer);
  }

  /** Whose listing `peer` mirrors, if any. */
  mirrors(peer: string): string | undefined {
    return this.#ledger.mirrors(peer);
  }

  /** Lets `peer` be asked for orphans, until it turns out to lack too many of them. */
  probe(peer: string): void {
    this.#ledger.orphans.listing.join(peer);
  }

  has(id: Uint8Array): boolean {
    return this.#ledger.wants.has(bytesToKey(id));
  }

  /** Whether `peer` itself said that it has `id`, which is missing. */
  lists(peer: string, id: Uint8Array): boolean {
    return this.#ledger.lists(peer, bytesToKey(id));
  }

  /** Since when, and how well founded, an id is wanted; undefined when it is not missing. */
  want(id: Uint8Array): Want | undefined {
    const list = this.#ledger.wants.get(bytesToKey(id));
    return list && { id, since: list.since, confirmed: list.confirmed };
  }

  /** Says how large a missing item is by a peer's word, when that is known before it is asked for. */
  enlarge(id: Uint8Array, said: Said): void {
    const key = bytesToKey(id);
    if (!this.#ledger.wants.has(key)) return;
    this.#ledger.enlarge(key, said);
    this.#claims.resize(key, true);
  }

  /** Who said last how large a missing item is, if anybody did. */
  said(id: Uint8Array): Said | undefined {
    const { wants } = this.#ledger;
    return wants.large === 0 ? undefined : wants.said(bytesToKey(id));
  }

  /** Forgets all that `peer` said of lengths: it said something wrong. */
  unsay(peer: string): void {
    for (const key of this.#ledger.unsay(peer)) this.#claims.resize(key, false);
  }

  /** Bytes of the payload of a missing id, where a source said that it is large. */
  length(id: Uint8Array): number | undefined {
    return this.#ledger.wants.length(bytesToKey(id));
  }

  /**
   * Peers thought to have `id`, in the order they said so, each with its mirrors behind it; empty
   * when it is not missing, or an orphan.
   */
  sources(id: Uint8Array): string[] {
    return this.#ledger.sources(bytesToKey(id));
  }

  /** Whether `peer` may be asked for `id`: it says to have it, mirrors who does, or may have an orphan. */
  mayAsk(peer: string, id: Uint8Array): boolean {
    return this.#ledger.offers(peer, bytesToKey(id));
  }

  /** Who `id` is claimed for, if anybody. */
  claimedBy(id: Uint8Array): string | undefined {
    return this.#claims.get(bytesToKey(id))?.peer;
  }

  /**
   * Claims up to `max` unclaimed ids that `peer` may be asked for and that are not known to be large,
   * oldest first; an id that was given back counts from then. What it listed itself comes before what
   * it mirrors, and that before orphans. Amortised over `add` and `release` the cost is that of the
   * ids returned.
   */
  claim(peer: string, max: number): Uint8Array[] {
    return this.#claim(peer, 'small', (claimed) => claimed.length < max);
  }

  /** Likewise large ones: as many as make `maxBytes`, at least one, no more than `max`. */
  claimLarge(peer: string, { max, maxBytes }: { max: number; maxBytes: number }): Uint8Array[] {
    const { wants } = this.#ledger;
    const bytes = (claimed: readonly string[]): number =>
      claimed.reduce((sum, key) => sum + wants.length(key)!, 0);
    return this.#claim(
      peer,
      'large',
      (claimed) => claimed.length < max && bytes(claimed) < maxBytes,
    );
  }

  /**
   * Gives back `peer`'s claim on `id`. With `forget` the peer is no longer a source of it; an id that
   * has no source left is dropped then, unless two peers have said to have it, or with `keep`: that is
   * an orphan. `length` is what the peer says when the item is large. False when the peer had no claim
   * on it.
   */
  release(
    peer: string,
    id: Uint8Array,
    init: { forget?: boolean; keep?: boolean; length?: number } = {},
  ): boolean {
    const key = bytesToKey(id);
    const claim = this.#claims.get(key);
    if (claim?.peer !== peer) return false;
    this.#claims.end(key);
    if (init.length !== undefined) this.#ledger.enlarge(key, { peer, bytes: init.length });
    this.#ledger.requeue(key, claim.passed);
    if (init.forget) this.#ledger.deny(peer, key, init.keep === true);
    return true;
  }

  /** The id is here now: it is gone for all peers. False when it was not missing. */
  received(id: Uint8Array): boolean {
    return this.#ledger.remove(bytesToKey(id));
  }

  /** Likewise several, as keys; whether any of them was missing. */
  stored(keys: readonly string[]): boolean {
    if (this.size === 0) return false;
    let wanted = false;
    for (const key of keys) wanted = this.#ledger.remove(key) || wanted;
    return wanted;
  }

  /**
   * Forgets a peer as a source and gives back its claims. What it listed stays wanted, by its mirrors
   * or as orphans; with `denied`, what nobody else ever said to have is dropped instead.
   */
  drop(peer: string, init: { denied?: boolean } = {}): void {
    this.#ledger.drop(peer, init.denied === true);
    for (const [key, claim] of this.#claims.of(peer)) {
      this.#claims.end(key);
      this.#ledger.requeue(key, claim.passed);
    }
  }

  /** Drops what is wanted since before `at`, was never confirmed and is not in flight; the ids. */
  expire(at: number): Uint8Array[] {
    const old = this.#ledger.wants.unconfirmedBefore(at);
    const keys = old.filter((key) => !this.#claims.has(key));
    for (const key of keys) this.#ledger.remove(key);
    return keys.map(keyToBytes);
  }

  /** Up to `max` of the missing ids, orphans first. */
  wants(max: number): Want[] {
    return this.#ledger.first(max).map((key) => this.want(keyToBytes(key))!);
  }

  /** Missing ids, oldest first. */
  *missing(): Iterable<Uint8Array> {
    for (const key of this.#ledger.wants.keys()) yield keyToBytes(key);
  }

  #claim(
    peer: string,
    kind: 'small' | 'large',
    more: (claimed: readonly string[]) => boolean,
  ): Uint8Array[] {
    const claimed: string[] = [];
    for (const listing of this.#ledger.offered(peer)) {
      const denied: string[] = [];
      while (more(claimed)) {
        const key = this.#ledger.next(listing, kind);
        if (key === undefined) break;
        const passed = this.#claims.get(key)?.passed;
        if (passed !== undefined) {
          if (!passed.includes(listing.owner)) passed.push(listing.owner);
        } else if (!listing.offers(peer, key)) denied.push(key);
        else {
          this.#claims.begin(key, { peer, large: kind === 'large', passed: [listing.owner] });
          claimed.push(key);
        }
      }
      for (const key of denied) this.#ledger.requeue(key, [listing.owner]);
    }
    return claimed.map(keyToBytes);
  }
}
