import type { Bound } from '../../store/index.ts';
import type { Finding, Interval, Outline, Role, Surveyed } from './dialect.ts';

/** The course of one session, from the point of view of this node. */
export interface SessionReport {
  readonly peer: string;
  readonly role: Role;
  readonly dialect: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Frames received. */
  readonly rounds: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Ids learnt that were missing here. */
  readonly missing: number;
  /** Both whole sets were equal, as of `version` here. */
  readonly equal: boolean;
  /** `Replica.version` of the snapshot the session worked on. */
  readonly version: number;
  /** The result, in dialects that prove it; null otherwise, or when the session failed. */
  readonly finding: Finding | null;
  /** The part of the key space that this node asked for; null for everything, and for a responder. */
  readonly asked: Interval | null;
  /** False: this node put off all that differs, for a survey, or because another session lists it. */
  readonly settles: boolean;
  /** The outlines of both sides, in dialects that have them; the peer's is not proved. */
  readonly outlines: { readonly ours: Outline; readonly theirs: Outline } | null;
  /** Where the sets differ, after a survey. */
  readonly survey: readonly Surveyed[];
  /**
   * Bytes in both directions over those that any method needs (`efficiency`); null where the
   * differences are not known on both sides.
   */
  readonly efficiency: number | null;
  /** The bound at which the next session should go on, when this one had to stop short. */
  readonly continueFrom: Bound | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The report of a session in which no frame has come yet. */
export function emptyReport(
  known: Pick<SessionReport, 'peer' | 'role' | 'dialect' | 'startedAt'>,
): SessionReport {
  return {
    ...known,
    durationMs: 0,
    rounds: 0,
    bytesSent: 0,
    bytesReceived: 0,
    missing: 0,
    equal: false,
    version: 0,
    finding: null,
    asked: null,
    settles: true,
    outlines: null,
    survey: [],
    efficiency: null,
    continueFrom: null,
    error: null,
  };
}

/** Neither side put off what differs, as far as they say. */
export function settledBoth({ settles, outlines }: SessionReport): boolean {
  return settles && outlines?.theirs.settles !== false;
}

/**
 * Wire bytes over the information bound: each of d differences among n items takes the 32 bytes of its
 * id, and log2(n/d)/8 bytes to say which it is. Equal sets count as one difference: finding out must
 * cost about as much.
 */
export function efficiency(session: { bytes: number; items: number; differences: number }): number {
  const differences = Math.max(1, session.differences);
  const items = Math.max(session.items, differences);
  return session.bytes / (differences * (32 + Math.log2(items / differences) / 8));
}
