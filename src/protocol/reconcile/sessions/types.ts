import type { Clock } from '../../../store/index.ts';
import type { Log } from '../../log.ts';
import type { Dialect, Outline } from '../dialect.ts';
import type { ReconcileOptions } from '../options.ts';
import type { SessionReport } from '../report.ts';
import type { HeldSnapshot, Outlines, Scope } from './session.ts';

/** What the replicator sees of the reconciliation service. */
export interface Reconcile {
  start(): Promise<void>;
  /** Ends running sessions; resolves once none is left. */
  stop(): Promise<void>;
  /**
   * Runs a session with a connected peer, or joins the one that is running (then the report is that
   * one's). Never rejects: what went wrong is in the report.
   */
  reconcile(peer: string): Promise<SessionReport>;
  /**
   * Runs a session of that scope, after the one that is running; only a look at everything joins that.
   * The report's role is `responder` when the peer began a session at the same moment, time and again.
   * Never rejects.
   */
  reconcile(peer: string, scope: Scope): Promise<SessionReport>;
  /** Whether a session with the peer is on, whoever began it. */
  runs(peer: string): boolean;
  /** Peers that speak the protocol and are connected. */
  readonly peers: readonly string[];
}

export interface ReconcileEvents {
  /** A peer that speaks the protocol connected or went. */
  peerConnected(peer: string): void;
  peerDisconnected(peer: string): void;
  /** The session that runs has shown what either side says of its set; in dialects that do. */
  outlined?(peer: string, outlines: Outlines): void;
  /**
   * Whether a session that a peer begins is to settle anything, by what it says of its set.
   * @default always
   */
  judge?(peer: string, theirs: Outline): boolean;
  /** The session that runs has found that both sets are not equal. */
  differs(peer: string): void;
  /** Ids the peer holds and we lack, as they are learnt, in either role. */
  missing(peer: string, ids: readonly Uint8Array[]): void;
  /** A session ended, in either role. */
  ended(report: SessionReport): void;
}

export interface ReconcileInit {
  clock: Clock;
  /** Part of the protocol id: deployments with different names never mix. 1 to 64 characters. */
  networkName: string;
  /** What can be spoken, the preferred first. */
  dialects: readonly Dialect[];
  /** The set as it is now; every session takes one and releases it. */
  snapshot: () => HeldSnapshot;
  events: ReconcileEvents;
  /**
   * Ids that shall not be fetched though `peer` lists them; dialects that prove their result count them.
   * @default none
   */
  refuses?: (peer: string, id: Uint8Array) => boolean;
  /** @default silent */
  log?: Log;
  options?: Partial<ReconcileOptions>;
}
