import type { Bound } from '../../store/index.ts';
import { messageOf, ProtocolError } from '../errors.ts';
import type {
  Finding,
  Interval,
  Outlines,
  Role,
  Session,
  SessionMode,
  Surveyed,
} from './dialect.ts';
import { EVERYTHING } from './interval.ts';

/** One session as this node saw it. */
export interface SessionReport {
  readonly peer: string;
  readonly role: Role;
  readonly dialect: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /**
   * Milliseconds since the epoch: the peer took its snapshot at this moment or later. For a session of ours that is
   * the start. An opening of the peer may have been on its way for long, and then this is earlier.
   */
  readonly asOf: number;
  readonly durationMs: number;
  /** Frames received. */
  readonly rounds: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Ids learnt that were missing here. */
  readonly missing: number;
  /** All that both sides accept was equal, as of `version` here, but for `equalExcept` ids. */
  readonly equal: boolean;
  /** Ids that one side has and the other side refuses, in sets that are equal but for them. */
  readonly equalExcept: number;
  /** `Replica.version` of the snapshot the session worked on. */
  readonly version: number;
  /** The result, in dialects that prove it; null otherwise, or when the session failed. */
  readonly finding: Finding | null;
  /** The part that this node asked for; null for everything, and for a responder. */
  readonly asked: Interval | null;
  /** The part that this side was ready to reconcile: all that it accepts, within `asked`. */
  readonly interval: Interval;
  /** `survey`: this node put off all differences, of itself or because another session lists them. */
  readonly mode: SessionMode;
  /** The outlines of both sides, in dialects that have them; the peer's is not proved. */
  readonly outlines: Outlines | null;
  /** Where the sets differ, after a survey. */
  readonly survey: readonly Surveyed[];
  /** Bytes in both directions over the information bound (`efficiency`); null where that is unknown. */
  readonly efficiency: number | null;
  /** The bound at which the next session should continue, when this session stopped short. */
  readonly continueFrom: Bound | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The report of a session before its first frame. */
export function emptyReport(
  known: Pick<SessionReport, 'peer' | 'role' | 'dialect' | 'startedAt'>,
): SessionReport {
  return {
    ...known,
    asOf: known.startedAt,
    durationMs: 0,
    rounds: 0,
    bytesSent: 0,
    bytesReceived: 0,
    missing: 0,
    equal: false,
    equalExcept: 0,
    version: 0,
    finding: null,
    asked: null,
    interval: EVERYTHING,
    mode: 'reconcile',
    outlines: null,
    survey: [],
    efficiency: null,
    continueFrom: null,
    error: null,
  };
}

/** The report of a session that runs. */
export type OpenReport = { -readonly [Field in keyof SessionReport]: SessionReport[Field] };

/** Notes the results of a session that ended well; throws `UNPROVED` if it is complete without proof. */
export function noteEnd(
  report: OpenReport,
  { equal, finding = null, survey = [] }: Session,
  { items, bytes }: { items: number; bytes: number },
): void {
  Object.assign(report, { equal, finding, survey });
  if (finding === null) return;
  const { mine, theirs, refused, refusedThere, continueFrom, spent } = finding;
  if (equal) report.equalExcept = refused + refusedThere;
  report.continueFrom = continueFrom;
  if (spent !== null) {
    const message = `the session spent ${spent} and put off a part of the sets: the next session continues there`;
    report.error = { code: 'BUDGET_SPENT', message };
  }
  if (continueFrom !== null) return;
  report.efficiency = efficiency({ bytes, items: items + theirs, differences: mine + theirs });
  checkProved(finding);
}

/** Throws `UNPROVED` for the finding of a whole session without proof. */
export function checkProved({ proved, continueFrom }: Finding): void {
  if (proved || continueFrom !== null) return;
  throw new ProtocolError(
    'UNPROVED',
    'the differences found do not explain the set of the peer: one side is wrong, or a hash collided; the next session has another key',
  );
}

/** An error as a report shows it; without a code of its own it is `INTERNAL`. */
export function describe(error: unknown): { code: string; message: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL';
  return { code, message: messageOf(error) };
}

/** Neither side announced a survey. */
export function reconciledBoth({ mode, outlines }: SessionReport): boolean {
  return mode === 'reconcile' && outlines?.theirs.mode !== 'survey';
}

/**
 * Wire bytes over the information bound: each of d differences among n items takes 32 bytes for its id
 * and log2(n/d)/8 bytes for its place. Equal sets count as one difference, which costs about as much.
 */
export function efficiency(session: { bytes: number; items: number; differences: number }): number {
  const differences = Math.max(1, session.differences);
  const items = Math.max(session.items, differences);
  return session.bytes / (differences * (32 + Math.log2(items / differences) / 8));
}
