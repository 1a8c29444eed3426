import { isEqualButRefused, type Outlines, type SessionReport } from '../../protocol/index.ts';
import type { Replica } from '../../store/index.ts';

/** The connection to a peer, and its last session. */
export interface PeerRecord {
  readonly peer: string;
  connected: boolean;
  /** Ended sessions since it connected. */
  sessions: number;
  /** It sent something in a session since it connected. */
  brought: boolean;
  lastSession: SessionReport | null;
  /** Version of the own set at which both sets were equal; null once that is not certain any more. */
  equalAt: number | null;
  terms: PeerTerms;
}

interface PeerRecordsInit {
  replica: Pick<Replica, 'version' | 'indexed'>;
  /**
   * Disconnected peers that are remembered; the peers met longest ago make room first.
   * @default 1_000
   */
  maxDisconnected?: number;
}

/** Whether a session was over a part of that which both accept, in which nothing differed. */
export function isPart({ error, finding, outlines }: SessionReport): boolean {
  if (error !== null || finding?.proved !== true || finding.whole) return false;
  return isEqualButRefused(finding, outlines);
}

/** What the peer does for this node, by its own word in the last session that reached it. */
export interface PeerTerms {
  /** False: it shows none of its items. */
  readonly gives: boolean;
  /** False: it takes no items of this node. */
  readonly takes: boolean;
}

const REPLICATES: PeerTerms = { gives: true, takes: true };

function termsIn({ theirs: { gives = true, takes = true } }: Outlines): PeerTerms {
  return { gives, takes };
}

/** A peer that lacks so many items is expected to come back for the rest of them. */
const MANY = 1_024;
const LATELY_MS = 10_000;

/** Whether a session has just shown that the peer lacks many items, so that it is fetching them. */
export function getsMany({ lastSession }: PeerRecord, now: number): boolean {
  const { mine = 0, refusedThere = 0 } = lastSession?.finding ?? {};
  if (lastSession === null || mine - refusedThere < MANY) return false;
  const { startedAt, durationMs } = lastSession;
  return Math.abs(now - startedAt - durationMs) < LATELY_MS;
}

/** Remembers peers and their last sessions, bounded. */
export class PeerRecords {
  readonly #records = new Map<string, PeerRecord>();
  readonly #replica: PeerRecordsInit['replica'];
  readonly #maxDisconnected: number;
  /** Number of connections so far, of all peers. */
  connections = 0;

  constructor({ replica, maxDisconnected = 1_000 }: PeerRecordsInit) {
    this.#replica = replica;
    this.#maxDisconnected = maxDisconnected;
  }

  get(peer: string): PeerRecord | undefined {
    return this.#records.get(peer);
  }

  all(): PeerRecord[] {
    return [...this.#records.values()];
  }

  get connectedOnes(): PeerRecord[] {
    return this.all().filter(({ connected }) => connected);
  }

  /** No peer is connected. */
  get alone(): boolean {
    for (const { connected } of this.#records.values()) if (connected) return false;
    return true;
  }

  /** Every connected peer has had a session since it connected. */
  get firstRoundEnded(): boolean {
    return this.connectedOnes.every(({ sessions }) => sessions > 0);
  }

  /** Both current sets are known to be equal. Never without an index: its content is not known then. */
  inSync(peer: string): boolean {
    const { indexed, version } = this.#replica;
    const record = this.#records.get(peer);
    return indexed && record?.connected === true && record.equalAt === version;
  }

  /** Peers that have said nothing replicate. */
  terms(peer: string): PeerTerms {
    return this.#records.get(peer)?.terms ?? REPLICATES;
  }

  connected(peer: string): void {
    this.connections++;
    const known = this.#records.get(peer);
    this.#records.delete(peer);
    this.#records.set(peer, {
      peer,
      connected: true,
      sessions: 0,
      brought: false,
      lastSession: known?.lastSession ?? null,
      equalAt: null,
      terms: REPLICATES,
    });
  }

  disconnected(peer: string): void {
    const record = this.#records.get(peer);
    if (record === undefined) return;
    record.connected = false;
    record.equalAt = null;
    this.#forgetOldest();
  }

  ended(report: SessionReport): void {
    const record = this.#records.get(report.peer);
    if (record === undefined) return;
    record.sessions++;
    if (report.rounds > 0) record.brought = true;
    record.lastSession = report;
    if (report.outlines !== null) record.terms = termsIn(report.outlines);
    // A session over a part, in which nothing differed, says nothing of the rest.
    if (isPart(report)) return;
    record.equalAt = report.equal && report.error === null ? report.version : null;
  }

  /** A difference was found: the sets are not known to be equal any more. */
  differs(peer: string): void {
    const record = this.#records.get(peer);
    if (record !== undefined) record.equalAt = null;
  }

  /** Whether there was a record to forget; that of a connected peer stays. */
  forget(peer: string): boolean {
    return this.#records.get(peer)?.connected === false && this.#records.delete(peer);
  }

  /** The peer listed ids, in a session that may yet be cut off. */
  listed(peer: string): void {
    const record = this.#records.get(peer);
    if (record !== undefined) record.brought = true;
    this.differs(peer);
  }

  #forgetOldest(): void {
    const gone = this.all().filter((record) => !record.connected);
    for (const { peer } of gone.slice(0, Math.max(0, gone.length - this.#maxDisconnected))) {
      this.#records.delete(peer);
    }
  }
}
