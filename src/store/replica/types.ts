import type { Clock, Disk, Random } from '../environment.ts';
import type { FingerprintScheme } from '../fingerprint/index.ts';
import type { Item, ItemKey } from '../item.ts';
import type { Database } from '../level/index.ts';
import type { IndexOptions, ReplicaLimits, ScrubOptions } from './options.ts';

/** What one put did. */
export interface PutResult {
  readonly hint: bigint;
  readonly id: Uint8Array;
  /** False when the set held the item already, or was about to. */
  readonly created: boolean;
}

/** An item as a client gives it: the id follows from the content. */
export interface NewItem {
  readonly hint: bigint;
  readonly payload: Uint8Array;
}

export interface PutOptions {
  /**
   * Called with those that are new, once they are let in and on their way to the disk; whether they get
   * there is not known yet. Not called when there are none. Must not throw.
   */
  readonly queued?: (items: readonly Item[]) => void;
}

/** Something that went wrong with the store, and what was done about it. */
export interface Incident {
  /** Wall time in milliseconds since the epoch. */
  readonly at: number;
  /**
   * COMMITS_LOST: acknowledged commits are not in the database. INDEX_DAMAGED: the index is not what
   * it must be. REBUILD_INTERRUPTED: building it again was cut off, and begins anew. INDEX_REBUILT: it
   * is whole again. WRITE_FAILED: the database did not take a commit. ITEM_DAMAGED: an item is not
   * what its id says, and was put aside. SCRUB_STOPPED: that was so too often.
   * RECORD_MENDED: an id record was not that of its item, and was written again. READ_FAILED: the disk
   * did not give what was to be scrubbed. DATABASE_REPAIRED: LevelDB wrote nothing any more, because of
   * what it cannot read, and has left that out. VERIFY_FAILED: a verification found something.
   */
  readonly code:
    | 'COMMITS_LOST'
    | 'INDEX_DAMAGED'
    | 'REBUILD_INTERRUPTED'
    | 'INDEX_REBUILT'
    | 'WRITE_FAILED'
    | 'ITEM_DAMAGED'
    | 'SCRUB_STOPPED'
    | 'RECORD_MENDED'
    | 'READ_FAILED'
    | 'DATABASE_REPAIRED'
    | 'VERIFY_FAILED';
  readonly message: string;
}

export interface ReplicaStatus {
  readonly items: number;
  /** Payload bytes held. */
  readonly bytes: number;
  /**
   * Digest of the whole set, `scheme.digest` of its state; null while there is no index to take it
   * from.
   */
  readonly fingerprint: Uint8Array | null;
  /** Why puts are refused at the moment, or null while they are taken. */
  readonly refusing: { readonly code: string; readonly message: string } | null;
  /** How far building the index again is, or null when it is whole. */
  readonly rebuilding: { readonly items: number; readonly of: number } | null;
  /** Items were lost: reconcile with every peer, then call `markRefilled`. */
  readonly needsRefill: boolean;
  /** What went wrong since the start, oldest first. */
  readonly incidents: readonly Incident[];
  /** Ids whose items were found damaged, and that were not stored again since. */
  readonly quarantined: number;
  /** Number of the last commit. */
  readonly commit: number;
  /** Keys on their way into the tree. */
  readonly buffered: number;
  readonly scrub: ScrubStatus;
}

export interface ScrubStatus {
  /** False when it is turned off, or has stopped because too much was damaged. */
  readonly running: boolean;
  /** Items read since the start. */
  readonly checked: number;
  /** Times the whole set was read, from its beginning to its end. */
  readonly passes: number;
}

export interface ListInit {
  /** First hint wanted. @default 0n */
  from?: bigint;
  /** First hint not wanted. @default infinity */
  to?: bigint;
  /** Keys wanted at the most; never more than `MAX_LIST_LIMIT` are given. @default 100 */
  limit?: number;
  /** Go on behind this key. @default none */
  after?: ItemKey;
}

/** Where the replica says what an operator should know. pino's loggers fit. */
export interface ReplicaLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Remembers outside the database the number of the last commit that was on disk. A database whose log
 * was cut off looks like one that never had what is missing; only a witness can tell.
 */
export interface Witness {
  /** The number last written; 0 when there is none. */
  read(): Promise<number>;
  /** Called after each commit. Need not be durable, must not throw. */
  write(commit: number): void;
}

export interface ReplicaInit extends ReplicaDatabase {
  clock: Clock;
  disk: Disk;
  /** What the keys of this set begin with; several sets share a database by name. @default 'set' */
  name?: string;
  /** The summary the index keeps. @default lthash */
  scheme?: FingerprintScheme;
  limits?: Partial<ReplicaLimits>;
  index?: Partial<IndexOptions>;
  /** @default off */
  scrub?: Partial<ScrubOptions>;
  /** Decides where scrubbing begins. @default at the beginning */
  random?: Random;
  /** @default none: commits that are lost from the end of the log go unnoticed */
  witness?: Witness;
  /** @default silent */
  logger?: ReplicaLogger;
}

/** One of the two is given. The database belongs to the replica: it is closed by it. */
export interface ReplicaDatabase {
  /** Opened, or to be opened, and opened again after a failed write. */
  database?: Database;
  /** Opens the database; called again after a failed write, when the one before is closed. */
  open?: () => Promise<Database>;
  /**
   * Takes out of the closed database what cannot be read; called when that keeps it from writing.
   * @default none: it is opened again and again
   */
  repair?: () => Promise<void>;
}

/** What is answered to an id: the item, only its length where that is more than is asked for, or nothing. */
export type Served = Item | { readonly length: number } | undefined;

export interface ServeLimits {
  /** Payload bytes of one item; of a longer one the length is told. */
  readonly maxItemBytes: number;
  /** Payload bytes together: what would go beyond is left to the next call. */
  readonly maxBytes: number;
}
