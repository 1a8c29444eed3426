import type { Bound, Snapshot } from '../../store/index.ts';
import type { SessionLimits } from './options.ts';

export type Role = 'initiator' | 'responder';

/** What one event made a session do. */
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
   * The peer may have nothing more to say, and then falls silent: that is a good end too. Left out
   * where a session ends by frames alone.
   */
  readonly mayEnd?: boolean;
  /**
   * What `proceed` is called for: to go on working, or to hand out the next frame once those so far
   * have been taken. Absent when nothing happens before the next frame comes.
   */
  readonly pending?: 'work' | 'output';
}

/** A half-open part of the key space, [lower, upper). */
export interface Interval {
  readonly lower: Bound;
  readonly upper: Bound;
}

/** What a session has shown, once it is done. */
export interface Finding {
  /** What was reconciled: every other field speaks of this alone. */
  readonly interval: Interval;
  /** Ids only we have, and ids only the peer has, among them those we refuse. */
  readonly mine: number;
  readonly theirs: number;
  /** Ids only the peer has that we refuse to hold. */
  readonly refused: number;
  /** Our set with what was learnt is the peer's, to the last id: the peer has proved it. */
  readonly proved: boolean;
  /** Where the next session should go on, when this one had to stop short. */
  readonly continueFrom: Bound | null;
  /** The budget that was spent, on either side, when it stopped short for that. */
  readonly spent: string | null;
}

/** What a side says of its set first. Nobody has proved it: it serves to choose, and for no claim. */
export interface Outline {
  /** What it is willing to reconcile; all else speaks of this alone. */
  readonly interval: Interval;
  readonly count: number;
  /** 16 bytes of a digest without a key: equal ones are of equal sets, unless somebody lies. */
  readonly root: Uint8Array;
  /**
   * False: it puts all off that differs.
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
  /** The lowest bound above which something may be left to settle. Absent where nobody can tell. */
  readonly unsettledFrom?: Bound | null;
  /** What either side said of its set; null until it has. Absent in dialects that say nothing. */
  readonly outlines?: { readonly ours: Outline; readonly theirs: Outline } | null;
  /** Where the sets differ, in order; empty unless the session was to settle nothing. */
  readonly survey?: readonly Surveyed[];
}

export interface SessionInit {
  role: Role;
  /** The set, unchanged for as long as the session lasts. The caller releases it. */
  snapshot: Snapshot;
  limits?: Partial<SessionLimits>;
  /**
   * What is to be reconciled, for dialects that can do with less than everything.
   * @default everything
   */
  interval?: Interval;
  /**
   * Ids that shall not be fetched from the peer: they are counted, and never missing.
   * @default none
   */
  refuses?: (id: Uint8Array) => boolean;
  /**
   * False: whether the sets are equal, and if not where they differ, is found out, and no more: all
   * that differs is put off. For dialects that can put off.
   * @default true
   */
  settles?: boolean;
}

/** A way of speaking: turns a snapshot and a role into a session. */
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
  /** What the initiator's first frame says of its set, or null. Throws `ProtocolError`. */
  outline?(frame: Uint8Array): Outline | null;
}
