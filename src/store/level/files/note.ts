/** What a process left behind beside a database, for the next one to open it. */
export interface DatabaseNote {
  /** CLOSED: whole, and not changed since. OPENING: not opened yet. OPEN: in use. */
  readonly phase: 'closed' | 'opening' | 'open';
  /** Processes in a row that ended before the database was open. */
  readonly attempts: number;
  /** A repair was begun, and what it lost is not noted in the database yet. */
  readonly repairing: boolean;
  /** Names and stamps of the tables, when it was closed. */
  readonly tables: Readonly<Record<string, string>>;
}

/** As after an unclean end: nothing is known of the files. */
const UNKNOWN: DatabaseNote = { phase: 'open', attempts: 0, repairing: false, tables: {} };

export function encodeNote(note: DatabaseNote): string {
  return `${JSON.stringify(note)}\n`;
}

/** A note that cannot be read says nothing. */
export function decodeNote(text: string | null): DatabaseNote {
  try {
    const { phase, attempts, repairing, tables } = JSON.parse(text ?? 'null');
    const sound =
      ['closed', 'opening', 'open'].includes(phase) &&
      Number.isSafeInteger(attempts) &&
      typeof repairing === 'boolean' &&
      typeof tables === 'object' &&
      tables !== null;
    return sound ? { phase, attempts, repairing, tables } : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
