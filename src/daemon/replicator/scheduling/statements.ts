import { type Interval, isEqualButRefused, type SessionReport } from '../../../protocol/index.ts';
import { BoundedMap, bytesToKey } from '../../../store/index.ts';

/** A proved statement about a peer: when it was true, and over which part of the key space. */
export interface Statement {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Likewise, when the session that proved it began: the same, or later. */
  readonly begunAt: number;
  readonly interval: Interval;
  /** The interval was all that both sides accepted then. */
  readonly whole: boolean;
}

/** The statements that are proved of a peer. */
export interface Statements {
  /** All items that the peer held then are on this disk, but for those that this node refuses. */
  readonly coversAsOf: Statement | null;
  /**
   * Milliseconds since the epoch: as `coversAsOf` over all, by sessions that this node began. Sessions that the peer
   * began prove less than they could, since their openings were on their way for an unknown time.
   */
  readonly coversSinceAsked: number | null;
  /** Both sets were equal then, but for items that one of the nodes refuses. */
  readonly equalAsOf: Statement | null;
}

interface PendingStatement {
  readonly statement: Statement;
  /** This node began the session. */
  readonly asked: boolean;
  readonly ids: Set<string>;
}

interface Known {
  coversAsOf: Statement | null;
  coversSinceAsked: number | null;
  equalAsOf: Statement | null;
  /** Ids that the running session has found missing; null when there are too many to follow. */
  learning: string[] | null;
  /** A statement that becomes true once these ids are stored. */
  pending: PendingStatement | null;
}

const NOTHING: Statements = { coversAsOf: null, coversSinceAsked: null, equalAsOf: null };

interface PeerStatementsInit {
  /**
   * Peers remembered; the peers met first make room.
   * @default 4_096
   */
  maxPeers?: number;
  /**
   * Ids followed for a peer; with more, a later session makes the statement.
   * @default 100_000
   */
  maxFollowed?: number;
  /**
   * Likewise for all peers together.
   * @default 400_000: some 30 MB
   */
  maxFollowedInAll?: number;
}

/** Follows each proof of a session until it holds on this disk too. Statements of the past stay true. */
export class PeerStatements {
  readonly #known: BoundedMap<string, Known>;
  readonly #maxFollowed: number;
  readonly #maxFollowedInAll: number;

  constructor({
    maxPeers = 4_096,
    maxFollowed = 100_000,
    maxFollowedInAll = 400_000,
  }: PeerStatementsInit = {}) {
    this.#known = new BoundedMap(maxPeers);
    this.#maxFollowed = maxFollowed;
    this.#maxFollowedInAll = maxFollowedInAll;
  }

  of(peer: string): Statements {
    return this.#known.get(peer) ?? NOTHING;
  }

  /** The running session with a peer found ids missing here. */
  learnt(peer: string, ids: readonly Uint8Array[]): void {
    const known = this.#get(peer);
    if (known.learning === null) return;
    const room = Math.min(
      this.#maxFollowed - known.learning.length,
      this.#maxFollowedInAll - this.#followed,
    );
    if (ids.length > room) known.learning = null;
    else known.learning.push(...ids.map(bytesToKey));
  }

  /** The connection has ended: sessions of the next connection prove what is open. */
  disconnected(peer: string): void {
    const known = this.#known.get(peer);
    if (known === undefined) return;
    // A session that runs may yet end as proved.
    if ((known.learning?.length ?? 0) > 0) known.learning = null;
    known.pending = null;
  }

  /** Whether there was a statement to forget. */
  forget(peer: string): boolean {
    return this.#known.delete(peer);
  }

  /** A session ended; `holds` says whether an id is on this disk. */
  ended(report: SessionReport, holds: (key: string) => boolean): void {
    const known = this.#get(report.peer);
    const { learning } = known;
    known.learning = [];
    const statement = proved(report);
    if (statement === null || hides(statement, known)) return;
    if (isEqual(report)) known.equalAsOf = statement;
    if (learning === null) return;
    const ids = new Set(learning.filter((key) => !holds(key)));
    known.pending = { statement, asked: report.role === 'initiator', ids };
    settle(known);
  }

  /** Items came onto this disk: their ids, as keys. */
  stored(keys: Iterable<string>): void {
    for (const known of this.#known.values()) {
      if (known.pending === null) continue;
      for (const key of keys) known.pending.ids.delete(key);
      settle(known);
    }
  }

  get #followed(): number {
    let followed = 0;
    for (const { learning, pending } of this.#known.values()) {
      followed += (learning?.length ?? 0) + (pending?.ids.size ?? 0);
    }
    return followed;
  }

  #get(peer: string): Known {
    const known = this.#known.get(peer) ?? { ...NOTHING, learning: [], pending: null };
    if (!this.#known.has(peer)) this.#known.set(peer, known);
    return known;
  }
}

function settle(known: Known): void {
  if (known.pending === null || known.pending.ids.size > 0) return;
  const { statement, asked } = known.pending;
  known.coversAsOf = statement;
  if (asked && statement.whole) known.coversSinceAsked = statement.at;
  known.pending = null;
}

/** A statement over a part does not replace a whole statement. */
function hides({ whole }: Statement, { coversAsOf, equalAsOf }: Known): boolean {
  return !whole && [coversAsOf, equalAsOf].some((known) => known?.whole === true);
}

/**
 * As of a moment before the peer took its snapshot: all items that the peer held then it still held. A peer that
 * shows nothing proves nothing.
 */
function proved({ error, finding, ...report }: SessionReport): Statement | null {
  if (error !== null || report.outlines?.theirs.gives === false) return null;
  const { asOf: at, startedAt: begunAt, equal } = report;
  if (finding === null)
    return equal ? { at, begunAt, interval: report.interval, whole: true } : null;
  const { interval, whole } = finding;
  return finding.proved ? { at, begunAt, interval, whole } : null;
}

function isEqual({ finding, equal, outlines }: SessionReport): boolean {
  return finding === null ? equal : isEqualButRefused(finding, outlines);
}
