import type { Bytes } from '../bytes.ts';
import type { BulkPace, Clock, Disk, Random } from '../environment.ts';
import type { FingerprintScheme } from '../fingerprint/index.ts';
import type { HeldKey, Item, ItemKey } from '../item.ts';
import type { Database, DatabaseCare } from '../level/index.ts';
import type { CacheUses } from '../tree/index.ts';
import type { IndexOptions, ReplicaLimits, ScrubOptions } from './options.ts';
import type { RefusedBy } from './records/index.ts';

/** What one put did. */
export interface PutResult<Id extends Uint8Array = Bytes> {
  readonly hint: bigint;
  readonly id: Id;
  /** False if the set held the item already, or was about to. */
  readonly created: boolean;
}

/** An item as a client gives it: the id follows from the content. */
export interface NewItem {
  readonly hint: bigint;
  readonly payload: Uint8Array;
}

/** Options of `Replica.put`. */
export interface PutOptions {
  /**
   * Called with the new items, if any, once they are admitted and on their way to the disk; the write
   * may still fail. Must not throw.
   */
  readonly queued?: (items: readonly Item[]) => void;
}

/** Options of `Replica.putVerified`. */
export interface VerifiedPutOptions {
  /**
   * The peer that the items came from, at most 255 bytes of UTF-8, for the order of arrival.
   * @default null: they were put here
   */
  readonly source?: string | null;
}

/** When and from where an item came to this set. */
export interface Arrival {
  /** Its place in the order of arrival, from 1 on. */
  readonly seq: number;
  /** Wall time of its commit in milliseconds since the epoch; 0 if time and source are unknown. */
  readonly at: number;
  /** The peer that it came from; null if it was put here. */
  readonly source: string | null;
}

/** A place in the order of arrival. The item may have been put aside since. Places of items that left for good are left out. */
export interface ArrivalEntry extends HeldKey, Arrival {
  /** Payload bytes. */
  readonly bytes: number;
}

/** The part of the order of arrival that `Replica.arrivals` gives. */
export interface ArrivalsInit {
  /** Most entries, from 1 to `MAX_ARRIVALS_LIMIT`. */
  limit: number;
  /** Payload bytes of the entries together, but for the first. @default no bound */
  maxBytes?: number;
  /** The epoch that `since` belongs to. @default the running epoch */
  epoch?: string;
}

/** A part of the order of arrival. */
export interface ArrivalsPage {
  /** 16 hexadecimal digits. Places of different epochs have nothing to do with each other. */
  readonly epoch: string;
  /** The last place given. */
  readonly last: number;
  readonly entries: readonly ArrivalEntry[];
}

/** A failure of the store, and the reaction to it. */
export interface Incident {
  /** Wall time in milliseconds since the epoch. */
  readonly at: number;
  /**
   * COMMITS_LOST: acknowledged commits are not in the database. INDEX_DAMAGED: the index is damaged.
   * REBUILD_INTERRUPTED: building it again was cut off, and begins anew. INDEX_REBUILT: it is whole
   * again. WRITE_FAILED: the database did not take a commit. ITEM_DAMAGED: an item does not match its
   * id, and was put aside. SCRUB_STOPPED: that happened too often. RECORD_MENDED: a wrong id record was
   * written again. READ_FAILED: a read failed, and no table is damaged. DATABASE_REPAIRED: a file of LevelDB was damaged,
   * and its unreadable parts were left out. VERIFY_FAILED: a verification found problems. INVARIANT_BROKEN: this
   * code met a state that it never makes, and what had met it was ended.
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
    | 'VERIFY_FAILED'
    | 'INVARIANT_BROKEN';
  readonly message: string;
}

/** The state of a replica, as of the last commit. */
export interface ReplicaStatus {
  readonly items: number;
  /** Payload bytes held. */
  readonly bytes: number;
  /** Bytes that `limits.maxSetBytes` counts: payloads, and what each item takes beside its payload. */
  readonly storedBytes: number;
  /** Digest of the whole set, `scheme.digest` of its state; null while there is no index. */
  readonly fingerprint: Uint8Array | null;
  /** Why puts are refused at the moment, or null while they are taken. */
  readonly refusing: { readonly code: string; readonly message: string } | null;
  /** Progress of building the index again; null if it is whole. */
  readonly rebuilding: { readonly items: number; readonly of: number } | null;
  /** Items were lost: reconcile with every peer, then call `markRefilled`. */
  readonly needsRefill: boolean;
  /** Failures since the start, oldest first. */
  readonly incidents: readonly Incident[];
  /** Ids of damaged items that were not stored again since. */
  readonly quarantined: number;
  /** Number of the last commit. */
  readonly commit: number;
  /** Keys on their way into the tree. */
  readonly buffered: number;
  readonly scrub: ScrubStatus;
}

/** The figures of a replica that cost nothing to read. */
export interface ReplicaFigures extends Omit<ReplicaStatus, 'fingerprint' | 'incidents'> {
  /** Incidents of each code since the start. */
  readonly incidentCounts: ReadonlyMap<Incident['code'], number>;
  /** Of the cache of tree nodes. They begin again when the database is opened again. */
  readonly cache: CacheUses;
  /** Bytes free on the disk by the last reading, a few seconds ago at most; infinite before the first. */
  readonly freeBytes: number;
  readonly minFreeBytes: number;
  /** Ids that are kept out, by origin. */
  readonly refused: Readonly<Record<RefusedBy, number>>;
}

/** A commit that is on disk. */
export interface WrittenCommit {
  /** Of the synced write. */
  readonly durationMs: number;
  /** Of its records. */
  readonly bytes: number;
}

/** The progress of checking items in the background. */
export interface ScrubStatus {
  /** False if it is turned off, or has stopped after too much damage. */
  readonly running: boolean;
  /** Items read since the start. */
  readonly checked: number;
  /** Times the whole set was read, from its beginning to its end. */
  readonly passes: number;
}

/** The keys that `Replica.list` gives. */
export interface ListInit {
  /** First hint wanted. @default 0n */
  from?: bigint;
  /** First hint not wanted. @default infinity */
  to?: bigint;
  /** Most keys returned, from 1 to `MAX_LIST_LIMIT`. @default 100 */
  limit?: number;
  /** Go on behind this key. @default none */
  after?: ItemKey;
}

/** Options of `Replica.snapshot`. */
export interface SnapshotInit {
  /**
   * Milliseconds until it expires. Raising it lets slow readers end; as long as a snapshot is in use, LevelDB
   * keeps all index nodes that were replaced since.
   * @default `IndexOptions.maxSnapshotAgeMs`
   */
  maxAgeMs?: number;
}

/** Where the replica reports to operators. pino's loggers fit. */
export interface ReplicaLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Remembers outside the database the number of the last commit on disk. Without it, commits cut off at
 * the end of the log go unnoticed.
 */
export interface Witness {
  /** The number last written; 0 when there is none. */
  read(): Promise<number>;
  /** Called after each commit. Need not be durable, must not throw. */
  write(commit: number): void;
}

/** What a `Replica` needs. */
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
  /**
   * Decides where scrubbing begins, and names the epochs of the order of arrival.
   * @default scrubbing begins at the beginning, and the platform names the epochs
   */
  random?: Random;
  /**
   * Says how long commits of peers' items, merges and removals may keep the event loop.
   * @default 10 ms, and then a turn of the event loop
   */
  bulk?: BulkPace;
  /** @default none */
  witness?: Witness;
  /** Called after each commit; must not throw. @default none */
  onWritten?: (commit: WrittenCommit) => void;
  /** Hears of each incident as it happens. Must not throw. @default nothing hears */
  onIncident?: ((incident: Incident) => void) | undefined;
  /** @default silent */
  logger?: ReplicaLogger;
}

/** `database` or `open` is given. The replica owns the database and closes it. */
export interface ReplicaDatabase {
  /** Opened, or to be opened, and opened again after a failed write. */
  database?: Database;
  /** Opens the database; called again after a failed write, once the database was closed. */
  open?: () => Promise<Database>;
  /**
   * Takes unreadable blocks out of the closed database; called if they block writing.
   * @default none: it is opened again and again
   */
  repair?: () => Promise<void>;
  /**
   * Looks after the files: finds damage before LevelDB meets it, and repairs the database in place of
   * `repair`.
   * @default none: some damages of tables end the process
   */
  care?: DatabaseCare;
  /**
   * Calls the first opening off, with its reason, while the files are checked.
   * @default never
   */
  signal?: AbortSignal | undefined;
}

/** The answer to an id: the item, only its length if that exceeds the limit, or nothing. */
export type Served = Item | { readonly length: number } | undefined;

/** Of `Replica.get`. */
export interface ReadOptions {
  /**
   * A longer payload is not read, and its item counts as not held.
   * @default no bound
   */
  readonly maxBytes?: number;
}

/** Bounds of one answer of `Replica.serve`. */
export interface ServeLimits {
  /** Payload bytes of one item; of a longer item only the length is given. */
  readonly maxItemBytes: number;
  /** Payload bytes together: further ids are left to the next call. */
  readonly maxBytes: number;
}
