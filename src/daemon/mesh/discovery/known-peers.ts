import type { Clock, Random } from '../../../store/index.ts';
import { BackOff, jittered } from '../../backoff.ts';
import type { DialCandidate } from './choose.ts';
import type { DiscoveryOptions } from './options.ts';

/** A known peer as it is kept over a restart. Times are milliseconds since the Unix epoch. */
export interface KnownPeer {
  readonly peer: string;
  /** Without the peer id at their end; the one that worked last comes first. */
  readonly addresses: readonly string[];
  readonly heardAt: number;
  /** When it was connected last; null: never. */
  readonly reachedAt: number | null;
}

/** The words of a peer about itself. */
export interface PeerAnnouncement extends Pick<KnownPeer, 'peer' | 'addresses'> {
  /** Grows with each announcement of the same peer. */
  readonly sequence: bigint;
}

/**
 * `stale`: older than the last announcement, or too soon after it. `unwanted`: not for this node, or
 * there is no room; other nodes may take it.
 */
export type PeerVerdict = 'news' | 'known' | 'stale' | 'unwanted';

export interface KnownPeersInit {
  readonly self: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: DiscoveryOptions;
  /** Whether the access rules of this node let the peer in. */
  allowed(peer: string): boolean;
  connected(peer: string): boolean;
  /** The peers changed: connections may have to, and the list is worth saving. */
  changed(): void;
}

/** A sequence further ahead comes of a wrong clock: the next right one takes its place. */
const MAX_AHEAD_MS = 60_000;
/** Peers reached last that are never forgotten: after a long split of the mesh no others are known. */
const LAST_RESORT = 16;
/** Least time between announcements of one peer, whichever neighbours repeat them. */
const MIN_SPACING_MS = 500;
/** A peer heard again after so long is dialled at once. */
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

/** The known peers, connected or not: a bounded table. */
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

  /** The peers most worth keeping first. */
  all(): KnownPeer[] {
    return [...this.#entries.values()]
      .sort((a, b) => this.#compare(b, a))
      .map((entry) => {
        const { peer, heardAt, reachedAt } = entry;
        return { peer, addresses: this.#addresses(entry), heardAt, reachedAt };
      });
  }

  addressesOf(peer: string): readonly string[] {
    const entry = this.#entries.get(peer);
    return entry === undefined ? [] : this.#addresses(entry);
  }

  /** Takes the list of an earlier run. */
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

  /** Takes an announcement that is proved to be of the peer itself. */
  announced({ peer, addresses, sequence }: PeerAnnouncement): PeerVerdict {
    const known = this.#entries.get(peer);
    if (known !== undefined && isStale(sequence, known, this.#init.clock.now())) return 'stale';
    const entry = this.#enter(peer);
    if (entry === undefined) return 'unwanted';
    entry.sequence = sequence;
    return this.#heard(entry, 'announced', addresses, known === undefined) ? 'news' : 'known';
  }

  /** Takes addresses of a peer that multicast found. */
  foundLocally(peer: string, addresses: readonly string[]): void {
    const isNew = !this.#entries.has(peer);
    const entry = this.#enter(peer);
    if (entry !== undefined) this.#heard(entry, 'local', addresses, isNew);
  }

  /** Peers worth dialling now. */
  candidates(): DialCandidate[] {
    const now = this.#init.clock.monotonic();
    return [...this.#entries.values()]
      .filter(({ restsUntil }) => restsUntil <= now)
      .filter(({ announced, local }) => announced.length + local.length > 0)
      .filter(({ peer }) => !this.#init.connected(peer))
      .map(({ peer, shyUntil }) => ({ peer, shy: shyUntil > now }));
  }

  /** It is connected; `address` led there, or is null when the peer dialled. */
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
    // Its silence while this node did not run does not count.
    if (clock.now() - Math.max(lastSign(entry), entry.since) < options.forgetMs) return;
    if (this.#isLastResort(entry)) return;
    this.#entries.delete(peer);
    this.#init.changed();
  }

  /** Its connection ended after `lastedMs`; it brought something, or did not. */
  lost(peer: string, lastedMs: number, brought: boolean): void {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return;
    const { clock, options } = this.#init;
    entry.reachedAt = clock.now();
    entry.shyUntil = clock.monotonic() + options.shyMs;
    if (brought || lastedMs >= options.stableMs) entry.backOff.reset();
    this.#rest(entry);
  }

  /** Whether it was known. */
  forget(peer: string): boolean {
    return this.#entries.delete(peer);
  }

  #addresses({ announced, local, worked }: PeerEntry): string[] {
    const all = new Set([...announced, ...local]);
    const first = worked !== null && all.has(worked) ? [worked] : [];
    return [...new Set([...first, ...all])].slice(0, this.#init.options.maxAddresses);
  }

  /** Whether it is news: a new peer, other addresses, or a peer that is back after a long silence. */
  #heard(
    entry: PeerEntry,
    by: 'announced' | 'local',
    addresses: readonly string[],
    isNew: boolean,
  ): boolean {
    const { clock, connected, options } = this.#init;
    const now = clock.now();
    const news = isNew || !same(entry[by], addresses) || now - lastSign(entry) > SILENCE_MS;
    entry[by] = addresses.slice(0, options.maxAddresses);
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
    const later = [...this.#entries.values()].filter((other) => (other.reachedAt ?? 0) > reachedAt);
    return later.length < LAST_RESORT;
  }

  #rest(entry: PeerEntry): void {
    const { clock, random, options } = this.#init;
    entry.restsUntil = clock.monotonic() + jittered(entry.backOff.next(), options.jitter, random);
  }

  /** The entry of a peer, made if there is room or a peer worth less makes some. */
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

  /** Forgets the oldest of the peers worth least; never a peer that was reached and does not fail. */
  #makeRoom(): boolean {
    const least = [...this.#entries.values()]
      .filter((entry) => this.#worth(entry) !== PROVEN)
      .reduce<PeerEntry | null>((a, b) => (a && this.#compare(a, b) <= 0 ? a : b), null);
    return least !== null && this.#entries.delete(least.peer);
  }

  #compare(a: PeerEntry, b: PeerEntry): number {
    return this.#worth(a) - this.#worth(b) || lastSign(a) - lastSign(b);
  }

  /** Invented peers can be announced without end; peers that were reached exist. */
  #worth({ peer, reachedAt, failures }: PeerEntry): number {
    if (this.#init.connected(peer)) return PROVEN;
    return (reachedAt === null ? 0 : 2) + (failures === 0 ? 1 : 0);
  }
}

const PROVEN = 3;

function isStale(sequence: bigint, last: PeerEntry, now: number): boolean {
  const soon = last.sequence > 0n && Math.abs(now - last.heardAt) < MIN_SPACING_MS;
  return soon || isOlder(sequence, last.sequence, now);
}

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
