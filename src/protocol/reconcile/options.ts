export interface SessionLimits {
  /**
   * Longest frame sent. Raising it saves round trips, lowering it memory.
   * @default 1 MiB
   */
  maxMessageBytes: number;
  /**
   * Longest frame accepted. Raising it lets a peer make us hold more.
   * @default 8 MiB
   */
  maxInboundBytes: number;
  /**
   * Frames accepted in one session. A session that needs more ends with `BUDGET_SPENT`.
   * @default 65_536
   */
  maxRounds: number;
  /**
   * Items looked at for fingerprints while one frame is answered; the rest of the key space is then
   * put off by one fingerprint. Raising it saves round trips on large sets, lowering it keeps the
   * event loop from standing still.
   * @default 262_144
   */
  maxVisitedItems: number;
  /**
   * Missing ids learnt in one session, give or take a frame. A session that finds more ends with
   * `BUDGET_SPENT`; what it found counts. Raising it lets a peer make us remember more.
   * @default 1_048_576
   */
  maxMissing: number;
}

/** A dialect with frames of another size says so beside its own defaults. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxMessageBytes: 1024 * 1024,
  maxInboundBytes: 8 * 1024 * 1024,
  maxRounds: 65_536,
  maxVisitedItems: 262_144,
  maxMissing: 1_048_576,
};

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
   * @default 10_000
   */
  frameTimeoutMs: number;
  /**
   * Milliseconds for a whole session, which holds a snapshot for as long.
   * @default 300_000
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
  frameTimeoutMs: 10_000,
  sessionTimeoutMs: 300_000,
  maxSessions: 8,
  giveWayMs: 60_000,
  limits: {},
};
