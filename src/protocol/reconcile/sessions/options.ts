import type { SessionLimits } from '../dialect.ts';

/** Longest frame accepted when the session limits do not say. */
export const MAX_INBOUND_BYTES: number = 8 * 1024 * 1024;

/**
 * Inbound streams of a dialect from one peer: the session that runs, and the next one, which a peer
 * may open while the end of the first is still on its way through our queue.
 */
export const MAX_INBOUND_STREAMS = 2;

/** How patient and how busy the reconciliation service is. */
export interface ReconcileOptions {
  /**
   * Milliseconds for a stream to open, and for a peer that starts at the same time to come forward
   * with the stream that counts. Lowering it gives up sooner on slow links.
   * @default 10_000
   */
  openTimeoutMs: number;
  /**
   * Milliseconds for a frame to come, or to be taken by the peer. It includes the time the peer
   * needs to compute it, and at first to have room for a session. Lowering it detects dead peers
   * sooner, and ends sessions with slow ones.
   * @default 30_000
   */
  frameTimeoutMs: number;
  /**
   * Milliseconds for a whole session, which holds a snapshot for as long.
   * @default 600_000
   */
  sessionTimeoutMs: number;
  /**
   * Sessions at a time over all peers that we start, and as many again that peers start; more wait.
   * Were it one number for both, two nodes full of sessions they started would wait for each other.
   * Raising it costs memory and makes each session slower.
   * @default 8
   */
  maxSessions: number;
  /**
   * Milliseconds after which a session ends when others wait for its place; the next one with that peer
   * goes on where it had come to. Lowering it keeps slow peers from holding up the others sooner, and
   * breaks long sessions of a busy node into more pieces.
   * @default 60_000
   */
  giveWayMs: number;
  /** Passed on to every session. */
  limits: Partial<SessionLimits>;
}

export const DEFAULT_RECONCILE_OPTIONS: ReconcileOptions = {
  openTimeoutMs: 10_000,
  frameTimeoutMs: 30_000,
  sessionTimeoutMs: 600_000,
  maxSessions: 8,
  giveWayMs: 60_000,
  limits: {},
};
