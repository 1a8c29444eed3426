import type { Bound, Snapshot } from '../../store/index.ts';
import type { SessionLimits } from './options.ts';

export type Role = 'initiator' | 'responder';

/** The result of one event in a session. */
export interface Step {
  /** Frames to send, in order. */
  readonly frames: readonly Uint8Array[];
  /** Ids learnt to be held by the peer and not here; each once in a session's life. */
  readonly missing: readonly Uint8Array[];
  /**
   * Ids learnt to be held here and not by the peer; each once in a session's life. Left out by
   * dialects and roles that do not learn them.
   */
  readonly have?: readonly Uint8Array[];
  /** Nothing is outstanding: send `frames`, then expect and send nothing more. */
  readonly done: boolean;
  /**
   * The peer may end the session by closing its side: that is a good end too. Left out where a session
   * ends by frames alone.
   */
  readonly mayEnd?: boolean;
  /**
   * The reason to call `proceed`: to go on working, or to hand out the next frame once those so far
   * have been taken. Absent when the session waits for the next frame.
   */
  readonly pending?: 'work' | 'output';
}

/** A half-open part of the key space, [lower, upper). */
export interface Interval {
  readonly lower: Bound;
  readonly upper: Bound;
}

/** The result of a session, once it is done. */
export interface Finding {
  /** The reconciled part: every other field speaks of this alone. */
  readonly interval: Interval;
  /** Ids only we have, and ids only the peer has, among them those we refuse. */
  readonly mine: number;
  readonly theirs: number;
  /** Ids only the peer has that we refuse to hold. */
  readonly refused: number;
  /** Our set with the ids learnt is the set of the peer, to the last id: the peer has proved it. */
  readonly proved: boolean;
  /** The bound at which the next session should go on, when this one had to stop short. */
  readonly continueFrom: Bound | null;
  /** The budget that was spent, on either side, when it stopped short for that. */
  readonly spent: string | null;
}

/** The first words of one side about its set. They are not proved: they serve to choose, and for no claim. */
export interface Outline {
  /** The part that it is willing to reconcile; all else speaks of this alone. */
  readonly interval: Interval;
  readonly count: number;
  /** 16 bytes of a digest without a key: equal roots are of equal sets, unless a side lies. */
  readonly root: Uint8Array;
  /**
   * False: it puts off all that differs.
   * @default true
   */
  readonly settles?: boolean;
}

/** A part of the key space as a survey found it. */
export interface Surveyed extends Interval {
  /** Items here, and as the peer says there. */
  readonly ours: number;
  readonly theirs: number;
  readonly differs: boolean;
}

/** One reconciliation, seen from one side: frames in, frames out. No clock, no I/O. */
export interface Session {
  readonly role: Role;
  /** True once both whole sets were found equal, as of both sides' snapshots. */
  readonly equal: boolean;
  /** True once the sets were found to differ. Dialects without it show that by `equal` alone. */
  readonly differs?: boolean;
  /** The initiator's opening frames; called once, first. A responder's are empty. */
  start(): Step;
  /** Digests one frame of the peer; throws `ProtocolError` on a bad one, ending the session. */
  receive(frame: Uint8Array): Step;
  /**
   * Goes on after a step with `pending`: does some milliseconds of work, and with `room` gives at most
   * one frame. Frames may be received between two calls. Sessions that never say `pending` have none.
   */
  proceed?(room: boolean): Step;
  /** Null until the session is done. Absent in dialects that prove nothing. */
  readonly finding?: Finding | null;
  /** The lowest bound above which something may be left to settle. Absent where a dialect cannot tell. */
  readonly unsettledFrom?: Bound | null;
  /** The outlines of both sides; null until both are known. Absent in dialects without outlines. */
  readonly outlines?: { readonly ours: Outline; readonly theirs: Outline } | null;
  /** Where the sets differ, in order; empty unless the session was a survey. */
  readonly survey?: readonly Surveyed[];
}

export interface SessionInit {
  role: Role;
  /** The set, unchanged for as long as the session lasts. The caller releases it. */
  snapshot: Snapshot;
  limits?: Partial<SessionLimits>;
  /**
   * The part to reconcile, for dialects that can do with less than everything.
   * @default everything
   */
  interval?: Interval;
  /**
   * Ids that shall not be fetched from the peer: they are counted, and never missing.
   * @default none
   */
  refuses?: (id: Uint8Array) => boolean;
  /**
   * False: a survey. The session finds out whether the sets are equal, and if not where they differ,
   * and puts off all that differs. For dialects that can put off.
   * @default true
   */
  settles?: boolean;
}

/** A language of reconciliation: turns a snapshot and a role into a session. */
export interface Dialect {
  /** Part of the protocol id, for example `commonware`. */
  readonly name: string;
  readonly version: number;
  /**
   * Sessions may follow each other on one stream: each side knows by the frames when one has ended,
   * and the initiator sends one frame and then nothing before it has heard the responder.
   * @default false
   */
  readonly lasting?: boolean;
  session(init: SessionInit): Session;
  /** The outline in the initiator's first frame, or null. Throws `ProtocolError`. */
  outline?(frame: Uint8Array): Outline | null;
}
