import { bytesToKey, keyToBytes } from '../../store/index.ts';
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

/** A claim on an id, and the peers that came by while it was taken and want to be asked again. */
interface Claim {
  readonly peer: string;
  readonly passed: string[];
}

/** What is kept of a peer: the ids it may still claim, oldest first, and how many it is a source of. */
interface Peer {
  queue: string[];
  head: number;
  known: number;
}

const DEFAULT_MAX_IDS_PER_PEER = 1_048_576;
const DEFAULT_MAX_IDS = 4_194_304;
/** Queues are swept once they are longer than twice what is live plus so much. */
const QUEUE_SLACK = 1024;

/**
 * The ids we lack, over all peers, and who has them (design section 8). An id is claimed for at most
 * one peer at a time; peers are known by their string ids, ids by their 32 bytes. Sources of an id
 * are not capped in number; ids per peer are. Every order follows from the order of calls alone.
 */
export class ReconciliationSet {
  readonly #maxIdsPerPeer: number;
  readonly #maxIds: number;
  readonly #ids = new Map<string, SourceList>();
  readonly #claims = new Map<string, Claim>();
  readonly #peers = new Map<string, Peer>();
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

  /** Says that `peer` has `ids`; returns how many of them were unknown until now. */
  add(peer: string, ids: Iterable<Uint8Array>): number {
    const before = this.#ids.size;
    for (const id of ids) this.#addOne(peer, bytesToKey(id));
    return this.#ids.size - before;
  }

  has(id: Uint8Array): boolean {
    return this.#ids.has(bytesToKey(id));
  }

  /** Peers known to have `id`, in the order they said so; empty when it is not missing. */
  sources(id: Uint8Array): string[] {
    return [...(this.#ids.get(bytesToKey(id))?.peers ?? [])];
  }

  /** Who `id` is claimed for, if anybody. */
  claimedBy(id: Uint8Array): string | undefined {
    return this.#claims.get(bytesToKey(id))?.peer;
  }

  /**
   * Claims up to `max` unclaimed ids that `peer` has, oldest first; an id that was given back counts
   * from then. Amortised over `add` and `release` the cost is that of the ids returned.
   */
  claim(peer: string, max: number): Uint8Array[] {
    const claimed: Uint8Array[] = [];
    const state = this.#peers.get(peer);
    while (state !== undefined && claimed.length < max && state.head < state.queue.length) {
      const key = state.queue[state.head++]!;
      if (this.#take(peer, key)) claimed.push(keyToBytes(key));
    }
    if (state?.head === state?.queue.length) this.#sweep(peer);
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
    for (const peer of sources.peers) this.#lose(peer);
    this.#remove(key);
    return true;
  }

  /** Forgets a peer as a source and gives back its claims. Ids with no source left are dropped. */
  drop(peer: string): void {
    if (!this.#peers.delete(peer)) return;
    this.#forgetEverywhere(peer);
    for (const [key, claim] of this.#claims) {
      const at = claim.passed.indexOf(peer);
      if (at >= 0) claim.passed.splice(at, 1);
      if (claim.peer === peer) this.#giveBack(key);
    }
  }

  /** Missing ids, oldest first. */
  *missing(): Iterable<Uint8Array> {
    for (const key of this.#ids.keys()) yield keyToBytes(key);
  }

  #addOne(peer: string, key: string): void {
    const known = this.#ids.get(key);
    if (known === undefined && this.#ids.size >= this.#maxIds) return;
    const sources = known ?? this.#nobody;
    if (sources.has(peer)) return;
    const state = this.#peer(peer);
    if (state.known >= this.#maxIdsPerPeer) return;
    state.known++;
    this.#ids.set(key, sources.with(peer));
    this.#enqueue(peer, key);
  }

  /** Claims `key`, the head of `peer`'s queue, if that is still right. */
  #take(peer: string, key: string): boolean {
    if (!this.#ids.get(key)?.has(peer)) return false;
    const claim = this.#claims.get(key);
    if (claim === undefined) {
      this.#claims.set(key, { peer, passed: [] });
      return true;
    }
    if (claim.peer !== peer && !claim.passed.includes(peer)) claim.passed.push(peer);
    return false;
  }

  #giveBack(key: string): void {
    const claim = this.#claims.get(key)!;
    this.#claims.delete(key);
    for (const peer of [claim.peer, ...claim.passed]) {
      if (this.#ids.get(key)?.has(peer)) this.#enqueue(peer, key);
    }
  }

  #forget(peer: string, key: string): void {
    const rest = this.#ids.get(key)!.peers.filter((other) => other !== peer);
    this.#lose(peer);
    if (rest.length === 0) this.#ids.delete(key);
    else this.#ids.set(key, this.#listOf(rest));
  }

  /** One walk over all ids, each distinct list rewritten once; lists that no id has are let go. */
  #forgetEverywhere(peer: string): void {
    this.#nobody = new SourceList();
    const rewritten = new Map<SourceList, SourceList>();
    for (const [key, sources] of this.#ids) {
      let rest = rewritten.get(sources);
      if (rest === undefined) {
        rest = this.#listOf(sources.peers.filter((other) => other !== peer));
        rewritten.set(sources, rest);
      }
      if (rest.peers.length === 0) this.#ids.delete(key);
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

  #peer(peer: string): Peer {
    let state = this.#peers.get(peer);
    if (state === undefined) {
      state = { queue: [], head: 0, known: 0 };
      this.#peers.set(peer, state);
    }
    return state;
  }

  /** `peer` is a source of one id less. */
  #lose(peer: string): void {
    const state = this.#peers.get(peer)!;
    if (--state.known === 0) this.#peers.delete(peer);
  }

  #enqueue(peer: string, key: string): void {
    const state = this.#peer(peer);
    state.queue.push(key);
    if (state.queue.length > 2 * state.known + QUEUE_SLACK) this.#sweep(peer);
  }

  /** Throws out what was claimed from the queue, has come in, or stands there twice. */
  #sweep(peer: string): void {
    const state = this.#peers.get(peer);
    if (state === undefined) return;
    const waiting = new Set(state.queue.slice(state.head));
    state.queue = [...waiting].filter((key) => this.#ids.get(key)?.has(peer));
    state.head = 0;
  }
}
