import type { LinkChoice } from './link.ts';

/** What one session may take. */
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
   * Frames accepted in one session, which then ends with `BUDGET_SPENT`.
   * @default 65_536
   */
  maxRounds: number;
  /**
   * Items read to answer one frame; one fingerprint then puts off the rest of the key space. Raising it
   * saves round trips on large sets, lowering it shortens pauses of the event loop.
   * @default 262_144
   */
  maxVisitedItems: number;
  /**
   * Missing ids learnt in one session, give or take a frame. With more it ends with `BUDGET_SPENT`, and
   * the ids count. Raising it lets a peer make us remember more.
   * @default 1_048_576
   */
  maxMissing: number;
}

/** The defaults of `SessionLimits`. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxMessageBytes: 1024 * 1024,
  maxInboundBytes: 8 * 1024 * 1024,
  maxRounds: 65_536,
  maxVisitedItems: 262_144,
  maxMissing: 1_048_576,
};

/** Times and bounds of a `ReconcileService`. */
export interface ReconcileOptions {
  /**
   * Milliseconds for a stream to open, ours or that of a peer that starts at the same time. Lowering it
   * gives up sooner on slow links.
   * @default 10_000
   */
  openTimeoutMs: number;
  /**
   * Milliseconds for a frame to arrive, or to be taken by the peer, with the peer's time to compute it,
   * and at first to find a slot. Lowering it detects dead peers sooner, and loses slow peers.
   * @default 10_000
   */
  frameTimeoutMs: number;
  /**
   * Milliseconds for a whole session, which holds a snapshot for as long.
   * @default 300_000
   */
  sessionTimeoutMs: number;
  /**
   * Sessions at a time that we start, and as many again that peers start; more wait. With one number
   * for both, two busy nodes would wait for each other. Raising it costs memory and slows each session.
   * @default 8
   */
  maxSessions: number;
  /**
   * Milliseconds after which a session ends when others wait; the next session with the peer continues
   * there. Lowering it shortens the wait behind slow peers, and cuts long sessions of a busy node.
   * @default 60_000
   */
  giveWayMs: number;
  /**
   * Ids that each session names of those that only this node has, and of those that its index does not
   * list. Raising it costs memory for each peer that differs.
   * @default 64
   */
  tell: number;
  /**
   * How sessions weigh bytes against items to read. `lean` sends the fewest bytes, `quick` takes the least
   * processor time, `auto` the least time over the measured link to the peer.
   * @default 'auto'
   */
  link: LinkChoice;
  /**
   * Longest payload that a session brings as the item itself, and not as an id to be fetched; 0: none. Raising
   * it saves ids, and takes longer items from one peer alone.
   * @default 512
   */
  itemBytes: number;
  /**
   * Payload bytes that one session brings so at most; the other items are fetched. Raising it saves ids, and
   * leaves more to one peer.
   * @default 4 MiB
   */
  sessionItemBytes: number;
  /** Passed on to every session. */
  limits: Partial<SessionLimits>;
}

/** The defaults of `ReconcileOptions`. */
export const DEFAULT_RECONCILE_OPTIONS: ReconcileOptions = {
  openTimeoutMs: 10_000,
  frameTimeoutMs: 10_000,
  sessionTimeoutMs: 300_000,
  maxSessions: 8,
  giveWayMs: 60_000,
  tell: 64,
  link: 'auto',
  itemBytes: 512,
  sessionItemBytes: 4 * 1024 * 1024,
  limits: {},
};
