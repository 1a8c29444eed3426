import type { Clock, Snapshot, VerifiedItem } from '../../../store/index.ts';
import type { PeerWork, SliceShare, TrafficMeter, Turns } from '../../budgets/index.ts';
import type { Knows } from '../../knows.ts';
import type { Log } from '../../log.ts';
import type {
  Dialect,
  Interval,
  Outline,
  SessionHistory,
  SessionInit,
  SessionMode,
  ShortItem,
  Step,
} from '../dialect.ts';
import type { ReconcileOptions } from '../options.ts';
import type { SessionReport } from '../report.ts';
import type { PeerLinks } from './peer-links.ts';
import type { RunningIntervals } from './running-intervals.ts';
import type { Slots } from './slots.ts';

/** The part and the kind of a session. */
export interface Scope {
  /** @default everything */
  interval?: Interval;
  /** @default 'reconcile' */
  mode?: SessionMode;
  /**
   * Gets the found ids in place of the owner, who hears nothing of the session. The peer must speak a
   * dialect with `tells`.
   * @default the owner gets them
   */
  found?: Comparison;
}

/** Where a session that only compares puts its findings. Nothing is refused, so every id is named. */
export interface Comparison {
  /** Most ids of each kind; see `SessionInit.tell`. */
  readonly tell: number;
  take(ids: NamedIds): void;
}

/** Ids of one step of a session. */
export type NamedIds = Pick<Step, 'missing' | 'have' | 'unlisted'>;

/** A session that runs, or waits for its turn. */
export interface RunningSession {
  readonly peer: string;
  /** Null while it waits for a slot or a stream. */
  readonly report: SessionReport | null;
}

/** A snapshot for a session, and what was true of the set at that moment. */
export interface HeldSnapshot {
  readonly snapshot: Snapshot;
  /** `Replica.version` */
  readonly version: number;
  /**
   * The part that this node accepts: nothing outside is listed, compared or taken.
   * @default everything
   */
  readonly accepts?: Interval;
  /** See `SessionInit`. */
  readonly history?: SessionHistory;
  /** See `SessionInit`; absent where ids alone are sent. */
  readonly shortItem?: ShortItem;
  /** How the peer is served; see `SessionInit`. */
  readonly terms?: Pick<SessionInit, 'gives' | 'takes' | 'holds'>;
}

/** The reconciliation service as the replicator sees it. */
export interface Reconcile {
  start(): Promise<void>;
  /** Ends running sessions; resolves when all have ended. */
  stop(): Promise<void>;
  /**
   * Runs a session with a connected peer, or joins the running session. A session with a scope runs
   * after it, except a survey of everything. The role in the report is `responder` when the peer began
   * at the same moment, several times in a row. Never rejects: the report has the error.
   */
  reconcile(peer: string, scope?: Scope): Promise<SessionReport>;
  /** Ends the session with the peer, and its kept stream. The peer stays connected. */
  interrupt?(peer: string): void;
  /** Whether a session with the peer runs, in either role. */
  runs(peer: string): boolean;
  /** Peers that speak the protocol and are connected. */
  readonly peers: readonly string[];
  /** Sessions under way, at most one with each peer. */
  readonly running: readonly RunningSession[];
}

/** What a `ReconcileService` tells its owner. What `ended` throws is logged. */
export interface ReconcileEvents {
  /** A peer that speaks the protocol connected or disconnected. */
  peerConnected(peer: string): void;
  peerDisconnected(peer: string): void;
  /** The running session has shown the outlines of both sides, in dialects that have them. */
  outlined?(peer: string, outlines: NonNullable<SessionReport['outlines']>): void;
  /**
   * Whether a session that a peer begins settles differences, by the outline of the peer.
   * @default always
   */
  judge?(peer: string, theirs: Outline): boolean;
  /** The running session has found that the sets differ. */
  differs(peer: string): void;
  /** Ids the peer holds and we lack, as they are learnt, in either role. */
  missing(peer: string, ids: readonly Uint8Array[]): void;
  /**
   * Whether a session that begins now may bring items in place of ids.
   * @default never
   */
  takesItems?(peer: string): boolean;
  /** Items that we lack, as they come. The session goes on once the promise is settled; it never rejects. */
  items?(peer: string, items: readonly VerifiedItem[]): Promise<void>;
  /**
   * Ids that we hold and the peer lacks, up to `ReconcileOptions.tell` of a session, and likewise ids
   * that the index here does not list; in dialects with `tells`.
   */
  named?(peer: string, ids: Pick<NamedIds, 'have' | 'unlisted'>): void;
  /** A session ended, in either role. */
  ended(report: SessionReport): void;
}

/** What a `ReconcileService` needs. */
export interface ReconcileInit {
  clock: Clock;
  /** Part of the protocol id: deployments with different names never mix. 1 to 64 characters. */
  networkName: string;
  /** The preferred first. */
  dialects: readonly Dialect[];
  /** A snapshot of the set for a session with `peer`, which releases it. */
  snapshot: (peer: string) => HeldSnapshot;
  events: ReconcileEvents;
  /**
   * Ids that are not fetched though `peer` lists them; dialects with proofs count them.
   * @default none
   */
  refuses?: (peer: string, id: Uint8Array) => boolean;
  /**
   * Peers with which sessions are possible, in either role; see `interrupt` for one that runs.
   * @default all
   */
  answers?: (peer: string) => boolean;
  /**
   * The rate of work that peers cause, in all protocols that share it.
   * @default its own
   */
  work?: Pick<PeerWork, 'run' | 'debtMs'>;
  /**
   * The budget of bytes on the wire, shared with the other services. A session is charged, and rests for as
   * long as the peer can wait for a frame.
   * @default not charged
   */
  traffic?: Pick<TrafficMeter, 'charge' | 'debtMs'>;
  /**
   * Shares the turns of the event loop among the slices of all sessions.
   * @default its own
   */
  turns?: Pick<Turns, 'run' | 'sliceMs' | 'busyMs'>;
  /**
   * Peers that a part of the places and of the memory is kept for.
   * @default none; nothing is kept
   */
  knows?: Knows;
  /** @default silent */
  log?: Log;
  options?: Partial<ReconcileOptions>;
}

/** Payload bytes of items that came, and went, in sessions in place of ids. */
export interface CarriedBytes {
  receivedBytes: number;
  sentBytes: number;
}

/** Shared by all sessions of a service. */
export interface SessionEnvironment
  extends Pick<ReconcileInit, 'clock' | 'events' | 'snapshot' | 'refuses' | 'traffic'> {
  readonly options: ReconcileOptions;
  readonly links: Pick<PeerLinks, 'of' | 'watch'>;
  /** Slots for sessions that peers begin. */
  readonly serving: Slots;
  readonly work: NonNullable<ReconcileInit['work']>;
  readonly turns: NonNullable<ReconcileInit['turns']>;
  /** Of all sessions that settle differences. */
  readonly intervals: RunningIntervals;
  /** Counts the items of all sessions. */
  readonly itemTotals: CarriedBytes;
  /** Sizes the slices of all sessions. */
  readonly share: Pick<SliceShare, 'run'>;
}
