import type { Bound, Bytes, Item, Snapshot, VerifiedItem } from '../../store/index.ts';
import type { SessionLink } from './link.ts';
import type { SessionLimits } from './options.ts';

/** The initiator sends the first frame; each session has one initiator and one responder. */
export type Role = 'initiator' | 'responder';

/** The result of one event in a session. */
export interface Step {
  /** Frames to send, in order. */
  readonly frames: readonly Bytes[];
  /** Ids that the peer holds and we lack; each once in a session. */
  readonly missing: readonly Bytes[];
  /**
   * Items that the peer holds and we lack; their ids are not in `missing`. Absent where the session takes
   * none.
   */
  readonly items?: readonly VerifiedItem[];
  /** Ids that we hold and the peer lacks; each once. Absent where the dialect or role learns none. */
  readonly have?: readonly Bytes[];
  /**
   * Ids that the peer holds and that the index here does not list, though their items are here: the index
   * is damaged. Absent where the dialect finds none.
   */
  readonly unlisted?: readonly Bytes[];
  /** Send `frames`, then expect and send no more. */
  readonly done: boolean;
  /** It is a good end too if the peer closes its side. Absent where sessions end by frames alone. */
  readonly mayEnd?: boolean;
  /** Call `proceed` to continue the work, or for the next frame once the frames so far are taken. */
  readonly pending?: 'work' | 'output';
}

/** A half-open part of the key space, [lower, upper). */
export interface Interval {
  readonly lower: Bound;
  readonly upper: Bound;
}

/** The result of a session, once it is done. */
export interface Finding {
  /** The reconciled part; the other fields are about this part. */
  readonly interval: Interval;
  /** It is all that both sides accept, and no part that one of them asked for. */
  readonly whole: boolean;
  /** Ids only we have, and ids only the peer has, among them those we refuse. */
  readonly mine: number;
  readonly theirs: number;
  /** Ids only the peer has that we refuse. */
  readonly refused: number;
  /** Ids only we have that the peer says it does not want; 0 where a dialect does not tell. */
  readonly refusedThere: number;
  /** The peer has proved that its set is ours with these differences, to the last id. */
  readonly proved: boolean;
  /** The bound at which the next session should continue, when this session stopped short. */
  readonly continueFrom: Bound | null;
  /** The spent budget of either side, if that is why it stopped short. */
  readonly spent: string | null;
}

/**
 * `survey`: the session learns whether and where the sets differ, and puts off all differences.
 * `reconcile`: it settles them.
 */
export type SessionMode = 'survey' | 'reconcile';

/** The opening statement of one side about its set, without proof: a hint for choices. */
export interface Outline {
  /** The part that it will reconcile; the other fields are about this part. */
  readonly interval: Interval;
  /** The side accepts nothing outside, or nothing else that the other side would take. */
  readonly whole: boolean;
  readonly count: number;
  /** 16 bytes of a digest without a key: equal roots mean equal sets, unless a side lies. */
  readonly root: Uint8Array;
  /** @default 'reconcile' */
  readonly mode?: SessionMode;
  /**
   * False: the side shows an empty set, whatever it holds. Count and root are of that.
   * @default true
   */
  readonly gives?: boolean;
  /**
   * False: the side takes no items of the other side.
   * @default true
   */
  readonly takes?: boolean;
}

/** The opening statements of both sides. */
export interface Outlines {
  readonly ours: Outline;
  readonly theirs: Outline;
}

/** A part of the key space in a survey. */
export interface Surveyed extends Interval {
  /** Items here, and at the peer by its own count. */
  readonly ours: number;
  readonly theirs: number;
  readonly differs: boolean;
}

/** One side of a reconciliation: frames in, frames out. No clock, no I/O. */
export interface Session {
  readonly role: Role;
  /**
   * True once all that both sides accept was found equal, as of both sides' snapshots, but for ids that
   * one of them refuses: see `Finding`.
   */
  readonly equal: boolean;
  /** True once the sets are known to differ. Dialects without it show that by `equal` alone. */
  readonly differs?: boolean;
  /** The initiator's opening frames; called once, first. A responder's are empty. */
  start(): Step;
  /**
   * Digests one frame of the peer, of which it takes a copy; throws `ProtocolError` on a bad one, ending
   * the session. `INVALID_FRAME` and a call before the work is done end nothing. Two initiators get
   * `SAME_ROLE` in commonware; in other dialects frames show no role, and `drive` tells it.
   *
   * @param share The part of a slice of work that the call may take, above 0. @default 1
   */
  receive(frame: Uint8Array, share?: number): Step;
  /**
   * Call it after a step with `pending`: some milliseconds of work, and with `room` at most one frame.
   * Frames may be received between two calls.
   */
  proceed?(room: boolean, share?: number): Step;
  /** Null until the session is done. Absent in dialects that prove nothing. */
  readonly finding?: Finding | null;
  /** The lowest bound above which differences may be left. Absent where a dialect cannot tell. */
  readonly unsettledFrom?: Bound | null;
  /** The outlines of both sides; null until both are known. Absent in dialects without outlines. */
  readonly outlines?: Outlines | null;
  /** Where the sets differ, in order; empty unless the session was a survey. */
  readonly survey?: readonly Surveyed[];
}

/** The whole set of a snapshot. */
export interface CurrentSet {
  readonly count: number;
  /** As in `Outline`. */
  readonly root: Uint8Array;
  /** The state of its fingerprint; called only where the history begins anew. */
  state(): Uint8Array;
}

/** Keys of a set in the order in which they came. */
export interface RecentKeys {
  readonly length: number;
  /** Ids of those that lie in the interval, concatenated; some thousands at most at a time. */
  ids(interval: Interval): Iterable<Bytes>;
}

/** The history of a set as of one snapshot. */
export interface SessionHistory {
  /**
   * The keys that came since the set had `root`; null where that is not known. It never claims falsely: what
   * it says follows from the root of `current`, which a removed item changes.
   */
  since(root: Uint8Array, current: CurrentSet): RecentKeys | null;
}

/** The items that a side takes in place of their ids. */
export interface ItemRoom {
  /** Longest payload, in bytes. */
  readonly maxBytes: number;
  /** Payload bytes of all items in a session. */
  readonly totalBytes: number;
}

/** An item of the set whose payload is no longer than `maxBytes`; else undefined. */
export type ShortItem = (
  id: Uint8Array,
  maxBytes: number,
) => Pick<Item, 'hint' | 'payload'> | undefined;

/** What a session needs. */
export interface SessionInit {
  role: Role;
  /** The set during the session. The caller releases it. */
  snapshot: Snapshot;
  limits?: Partial<SessionLimits>;
  /**
   * The part to reconcile; some dialects always reconcile everything.
   * @default everything
   */
  interval?: Interval;
  /**
   * The interval is all that this side accepts: equality in it is equality of the sets.
   * @default true where no interval is given
   */
  whole?: boolean;
  /**
   * Ids that are not fetched from the peer: they are counted, and never missing.
   * @default none
   */
  refuses?: (id: Uint8Array) => boolean;
  /**
   * False: the peer gets nothing, and the snapshot is empty. Dialects with outlines tell the peer, and call
   * nothing equal then.
   * @default true
   */
  gives?: boolean;
  /**
   * False: nothing of the peer is taken; `refuses` holds for all ids. Dialects with outlines tell the peer.
   * @default true
   */
  takes?: boolean;
  /**
   * Ids that are held though the snapshot does not show them: neither missing nor refused.
   * @default none
   */
  holds?: (id: Uint8Array) => boolean;
  /**
   * What came to the set lately, as of the snapshot, for dialects that tell it to a peer that was away.
   * @default unknown
   */
  history?: SessionHistory;
  /**
   * Items that the peer may send in place of ids, for dialects that can. With several sessions over one
   * interval, one alone takes items: the others would bring the same.
   * @default none
   */
  takesItems?: ItemRoom | null;
  /**
   * An item of the set whose payload is no longer than `maxBytes`, to be sent in place of its id; else undefined.
   * @default ids alone are sent
   */
  shortItem?: ShortItem;
  /**
   * Ids in `have` and in `unlisted`, each, for dialects with `tells`. Raising it costs memory.
   * @default 0
   */
  tell?: number;
  /**
   * The link to the peer, for dialects that weigh bytes against items to read.
   * @default 10 Mbit/s and 20 ms
   */
  link?: SessionLink;
  /**
   * Surveys are for dialects with outlines.
   * @default 'reconcile'
   */
  mode?: SessionMode;
}

/** Makes a session from a snapshot and a role. */
export interface Dialect {
  /** Part of the protocol id, for example `commonware`. */
  readonly name: string;
  readonly version: number;
  /**
   * A stream may carry several sessions: frames show both sides the end of a session, and the initiator
   * waits for an answer to its first frame.
   * @default false
   */
  readonly lasting?: boolean;
  /**
   * Sessions in both roles can name ids that the peer lacks, and reconcile an interval alone.
   * @default false
   */
  readonly tells?: boolean;
  /**
   * Longest frame of the dialect, in bytes.
   * @default `maxInboundBytes` of the limits of sessions
   */
  readonly maxFrameBytes?: number;
  /**
   * Throws `INVALID_INIT`, `INVALID_ROLE`, `INVALID_SNAPSHOT`, `INVALID_INTERVAL`, `INVALID_MODE`,
   * `INVALID_REFUSES`, `INVALID_LIMIT` or `INVALID_SCHEME` for a wrong use.
   */
  session(init: SessionInit): Session;
  /** The outline in the initiator's first frame, or null. Throws `ProtocolError`. */
  outline?(frame: Uint8Array): Outline | null;
}
