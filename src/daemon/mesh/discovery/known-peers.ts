import type { Clock, Random } from '../../../store/index.ts';
import { BackOff } from '../../backoff.ts';
import type { DialCandidate } from './choose.ts';
import type { DiscoveryOptions } from './options.ts';

/** What outlives a restart. Times are milliseconds since the Unix epoch. */
export interface KnownPeer {
  readonly peer: string;
  /** Without the peer id at their end; the one that worked last comes first. */
  readonly addresses: readonly string[];
  readonly heardAt: number;
  /** When it was connected last; null: never yet. */
  readonly reachedAt: number | null;
}

/** What a peer said of itself. */
export interface PeerAnnouncement {
  readonly peer: string;
  readonly addresses: readonly string[];
  /** Grows with each announcement of the same peer. */
  readonly sequence: bigint;
}

/**
 * `stale`: older than what is known, or too soon after it. `unwanted`: not for us, or no room; other
 * nodes may think otherwise.
 */
export type PeerVerdict = 'news' | 'known' | 'stale' | 'unwanted';

export interface KnownPeersInit {
  readonly self: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: DiscoveryOptions;
  /** Whether our access lets the peer in. */
  allowed(peer: string): boolean;
  connected(peer: string): boolean;
  /** The peers changed in a way that is worth a look and worth saving. */
  changed(): void;
}

/** A sequence further ahead than this was made by a wrong clock: the first that is not takes its place. */
const MAX_AHEAD_MS = 60_000;
/** So many of those that were reached last are never forgotten: after a long split they are all that is known. */
const LAST_RESORT = 16;
/** Announcements of one peer come no faster than this, whoever repeats them. */
const MIN_SPACING_MS = 500;
/** A peer heard again after so long is tried at once; one that is heard but not reached is not. */
const SILENCE_MS = 600_000;

interface PeerEntry {
  readonly peer: string;
  announced: readonly string[];
  /** Found by multicast. */
  local: readonly string[];
  worked: string | null;
  sequence: bigint;
  heardAt: number;
  reachedAt: number | null;
  /** When this run first knew of it. */
  readonly since: number;
  readonly backOff: BackOff;
  failures: number;
  /** On the monotonic clock, as the next. */
  restsUntil: number;
  shyUntil: number;
}

/** The peers we know of, connected or not: a bounded table. */
export class KnownPeers {
  readonly #init: KnownPeersInit;
  readonly #entries = new Map<string, PeerEntry>();

  constructor(init: KnownPeersInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(peer: string): boolean {
    return this.#entries.has(peer);
  }

  /** Those most worth keeping first. */
  all(): KnownPeer[] {
    return [...this.#entries.values()]
      .sort((a, b) => this.#worth(b) - this.#worth(a) || lastSign(b) - lastSign(a))
      .map((entry) => this.#known(entry));
  }

  addressesOf(peer: string): readonly string[] {
    const entry = this.#entries.get(peer);
    return entry === undefined ? [] : this.#addresses(entry);
  }

  /** What an earlier run saved. */
  restore(peers: readonly KnownPeer[]): void {
    const now = this.#init.clock.now();
    for (const { peer, addresses, heardAt, reachedAt } of peers) {
      const entry = this.#enter(peer);
      if (entry === undefined) continue;
      entry.announced = addresses.slice(0, this.#init.options.maxAddresses);
      entry.heardAt = Math.min(heardAt, now);
      entry.reachedAt = reachedAt === null ? null : Math.min(reachedAt, now);
    }
  }

  /** Takes what a peer said of itself, proved to be its own words. */
  announced({ peer, addresses, sequence }: PeerAnnouncement): PeerVerdict {
    const now = this.#init.clock.now();
    const known = this.#entries.get(peer);
    if (known !== undefined && isOlder(sequence, known.sequence, now)) return 'stale';
    if (
      known !== undefined &&
      known.sequence > 0n &&
      Math.abs(now - known.heardAt) < MIN_SPACING_MS
    )
      return 'stale';
    const entry = this.#enter(peer);
    if (entry === undefined) return 'unwanted';
    entry.sequence = sequence;
    const changed = !same(entry.announced, addresses);
    entry.announced = addresses.slice(0, this.#init.options.maxAddresses);
    return this.#heard(entry, known === undefined || changed) ? 'news' : 'known';
  }

  /** Takes addresses of a peer that multicast found. */
  foundLocally(peer: string, addresses: readonly string[]): void {
    const isNew = !this.#entries.has(peer);
    const entry = this.#enter(peer);
    if (entry === undefined) return;
    const changed = !same(entry.local, addresses);
    entry.local = addresses.slice(0, this.#init.options.maxAddresses);
    this.#heard(entry, isNew || changed);
  }

  /** Peers worth dialling now. */
  candidates(): DialCandidate[] {
    const now = this.#init.clock.monotonic();
    return [...this.#entries.values()]
      .filter(
        ({ restsUntil, announced, local }) =>
          restsUntil <= now && announced.length + local.length > 0,
      )
      .filter(({ peer }) => !this.#init.connected(peer))
      .map(({ peer, shyUntil }) => ({ peer, shy: shyUntil > now }));
  }

  /** It is connected; `address` is where we reached it, null when it came to us. */
  reached(peer: string, address: string | null): void {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return;
    const first = entry.reachedAt === null;
    entry.reachedAt = this.#init.clock.now();
    entry.failures = 0;
    entry.worked = address ?? entry.worked;
    if (first) this.#init.changed();
  }

  /** It could not be reached. */
  failed(peer: string): void {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return;
    const { clock, options } = this.#init;
    entry.failures++;
    this.#rest(entry);
    // However long it was silent while we did not run: we have tried for so long.
    if (clock.now() - Math.max(lastSign(entry), entry.since) < options.forgetMs) return;
    if (this.#isLastResort(entry)) return;
    this.#entries.delete(peer);
    this.#init.changed();
  }

  /** Its connection ended after `lastedMs`. */
  lost(peer: string, lastedMs: number): void {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return;
    const { clock, options } = this.#init;
    entry.reachedAt = clock.now();
    entry.shyUntil = clock.monotonic() + options.shyMs;
    if (lastedMs >= options.stableMs) entry.backOff.reset();
    this.#rest(entry);
  }

  #known(entry: PeerEntry): KnownPeer {
    const { peer, heardAt, reachedAt } = entry;
    return { peer, addresses: this.#addresses(entry), heardAt, reachedAt };
  }

  #addresses({ announced, local, worked }: PeerEntry): string[] {
    const all = new Set([...announced, ...local]);
    const first = worked !== null && all.has(worked) ? [worked] : [];
    return [...new Set([...first, ...all])].slice(0, this.#init.options.maxAddresses);
  }

  /** Whether it is news: never heard of, at another place, or back after a long silence. */
  #heard(entry: PeerEntry, changed: boolean): boolean {
    const { clock, connected } = this.#init;
    const now = clock.now();
    const news = changed || now - lastSign(entry) > SILENCE_MS;
    entry.heardAt = now;
    if (connected(entry.peer)) entry.reachedAt = now;
    if (!news) return false;
    if (!connected(entry.peer)) {
      entry.backOff.reset();
      entry.failures = 0;
      entry.restsUntil = 0;
    }
    this.#init.changed();
    return true;
  }

  #isLastResort({ reachedAt }: PeerEntry): boolean {
    if (reachedAt === null) return false;
    let later = 0;
    for (const other of this.#entries.values()) {
      if (other.reachedAt !== null && other.reachedAt > reachedAt) later++;
    }
    return later < LAST_RESORT;
  }

  #rest(entry: PeerEntry): void {
    const { clock, random, options } = this.#init;
    const pauseMs = entry.backOff.next() * (1 - options.jitter * random.fraction());
    entry.restsUntil = clock.monotonic() + pauseMs;
  }

  /** The entry of a peer, made when there is room or somebody worth less makes some. */
  #enter(peer: string): PeerEntry | undefined {
    const { self, allowed, clock, options } = this.#init;
    const known = this.#entries.get(peer);
    if (known !== undefined || peer === self || !allowed(peer)) return known;
    if (this.#entries.size >= options.maxKnown && !this.#makeRoom()) return undefined;
    const entry: PeerEntry = {
      peer,
      announced: [],
      local: [],
      worked: null,
      sequence: 0n,
      heardAt: 0,
      reachedAt: null,
      since: clock.now(),
      backOff: new BackOff(options),
      failures: 0,
      restsUntil: 0,
      shyUntil: 0,
    };
    this.#entries.set(peer, entry);
    return entry;
  }

  /** Forgets the oldest of those worth least; never one that was reached and does not fail. */
  #makeRoom(): boolean {
    let least: PeerEntry | undefined;
    for (const entry of this.#entries.values()) {
      if (this.#worth(entry) === PROVEN) continue;
      const order =
        least === undefined
          ? -1
          : this.#worth(entry) - this.#worth(least) || lastSign(entry) - lastSign(least);
      if (order < 0) least = entry;
    }
    if (least !== undefined) this.#entries.delete(least.peer);
    return least !== undefined;
  }

  /** Invented peers can be announced without end; those that were reached are there. */
  #worth({ peer, reachedAt, failures }: PeerEntry): number {
    if (this.#init.connected(peer)) return PROVEN;
    return (reachedAt === null ? 0 : 2) + (failures === 0 ? 1 : 0);
  }
}

const PROVEN = 3;

/** By the clock that made them, which may have been ahead and been put right. */
function isOlder(sequence: bigint, than: bigint, now: number): boolean {
  const horizon = BigInt(Math.floor(now) + MAX_AHEAD_MS);
  return sequence <= than && !(than > horizon && sequence <= horizon);
}

function lastSign({ heardAt, reachedAt }: PeerEntry): number {
  return Math.max(heardAt, reachedAt ?? 0);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
