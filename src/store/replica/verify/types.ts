/** Something that is not as it must be. */
export interface VerifyProblem {
  /**
   * SCHEMA: not of this schema. STATE: the state record. LOG: a commit is missing, or its record is
   * damaged. INDEX: the tree is not what a recomputation gives, or has leaked or dangling nodes.
   * ITEM_DAMAGED: a payload does not hash to its id. ITEM_MISSING: the index holds a key without a
   * payload. NOT_INDEXED: a payload without a key in the index. ID_RECORD: missing, stray, or it says
   * something else. TOTALS: the counts are wrong. COMMITS_LOST: commits that were on disk are gone.
   * STRAY_RECORD: of no kind known. UNREADABLE: LevelDB cannot make sense of a part of its files; what
   * else is known to lie there is listed too.
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
    | 'COMMITS_LOST'
    | 'STRAY_RECORD'
    | 'UNREADABLE';
  /** Key of the record, in hex; empty when it is no single one. */
  readonly key: string;
  readonly message: string;
}

export interface VerifyProgress {
  readonly phase: 'log' | 'tree' | 'items' | 'ids';
  readonly done: number;
  /** Items there should be. */
  readonly of: number;
}

export interface VerifyOptions {
  /** Called about once for every thousand items. */
  progress?: (progress: VerifyProgress) => void;
  /** Ends the verification early; it rejects with the signal's reason then. */
  signal?: AbortSignal;
  /** Problems listed at the most; all are counted. @default 100 */
  maxProblems?: number;
}

export interface VerifyResult {
  readonly ok: boolean;
  /** Items found, and their payload bytes. */
  readonly items: number;
  readonly bytes: number;
  /** Items in quarantine: not a problem, they have left the set. */
  readonly quarantined: number;
  /** Problems found; `problems` lists the first of them. */
  readonly problemCount: number;
  readonly problems: readonly VerifyProblem[];
}
