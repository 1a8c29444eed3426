import type { SessionReport } from '../../../protocol/index.ts';

/** `compare`: the session was to name differences, and settled none. */
export type SessionPurpose = 'settle' | 'compare';

/** A session that has ended. */
export interface SessionEntry {
  /** Grows by one with each session since the start. */
  readonly number: number;
  readonly purpose: SessionPurpose;
  readonly report: SessionReport;
}

/** Ended sessions that are remembered. */
const MAX_SESSIONS = 200;

/** The last sessions of all peers, in either role. */
export class SessionLog {
  #entries: SessionEntry[] = [];
  #count = 0;

  /** The newest first. */
  get entries(): readonly SessionEntry[] {
    return this.#entries.toReversed();
  }

  note(report: SessionReport, purpose: SessionPurpose = 'settle'): void {
    // The parts of a survey can be many, and nothing shows them.
    this.#entries.push({ number: ++this.#count, purpose, report: { ...report, survey: [] } });
    if (this.#entries.length > MAX_SESSIONS) this.#entries.shift();
  }
}
