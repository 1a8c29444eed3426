/** A record that does not agree with the others. */
export interface VerifyProblem {
  /**
   * SCHEMA: not of this schema. STATE: the state record is damaged. LOG: a commit is missing, or its
   * record is damaged. INDEX: the tree differs from a recomputation, or has leaked or dangling nodes.
   * ITEM_DAMAGED: a payload does not hash to its id. ITEM_MISSING: a key of the index has no payload.
   * NOT_INDEXED: a payload has no key in the index. ID_RECORD: missing, stray, or wrong. TOTALS: the
   * counts are wrong. ARRIVALS: the order of arrival is unfinished, damaged, or not that of the items.
   * COMMITS_LOST: commits that were on disk are gone. STRAY_RECORD: of unknown kind.
   * UNREADABLE: LevelDB cannot read a part of its files; known records there are listed too.
   */
  readonly code:
    | 'SCHEMA'
    | 'STATE'
    | 'LOG'
    | 'INDEX'
    | 'ITEM_DAMAGED'
    | 'ITEM_MISSING'
    | 'NOT_INDEXED'
    | 'ID_RECORD'
    | 'TOTALS'
    | 'ARRIVALS'
    | 'COMMITS_LOST'
    | 'STRAY_RECORD'
    | 'UNREADABLE';
  /** Key of the record, in hex; empty for several records. */
  readonly key: string;
  readonly message: string;
}

/** How far a verification is. */
export interface VerifyProgress {
  readonly phase: 'tables' | 'log' | 'tree' | 'items' | 'ids' | 'arrivals';
  readonly done: number;
  /** Expected items. */
  readonly of: number;
}

/** Options of a verification. */
export interface VerifyOptions {
  /** Called about once for every thousand items. */
  progress?: (progress: VerifyProgress) => void;
  /** Ends the verification early, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Most problems listed; all are counted. @default 100 */
  maxProblems?: number;
}

/** The result of a verification. */
export interface VerifyResult {
  readonly ok: boolean;
  /** Items found, and their payload bytes. */
  readonly items: number;
  readonly bytes: number;
  /** Items below the floor among them, which retention is still to remove: not a problem. */
  readonly pending: number;
  /** Items in quarantine: not a problem, they have left the set. */
  readonly quarantined: number;
  /** Problems found; `problems` lists the first of them. */
  readonly problemCount: number;
  readonly problems: readonly VerifyProblem[];
}
