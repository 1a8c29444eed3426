import type {
  AbstractChainedBatchWriteOptions,
  AbstractLevel,
  AbstractSnapshot,
} from 'abstract-level';
import type { Bytes } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import { shortageOf } from '../shortage.ts';
import { nodeFiles } from '../system/index.ts';
import { writtenFile } from './files/index.ts';
import { isIoError, isUnreadable } from './unreadable.ts';

/** Any abstract-level database whose key and value encodings are 'view'. */
export type Database = AbstractLevel<string | Uint8Array, Uint8Array, Uint8Array>;

export type BatchOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

/** LevelDB's own option; databases in memory do not know it. */
interface SyncedWriteOptions extends AbstractChainedBatchWriteOptions {
  readonly sync: true;
}

const SYNCED: SyncedWriteOptions = { sync: true };

/** Takes the records of one commit. It copies keys and values, so the caller may overwrite them. */
export interface BatchSink {
  put(key: Uint8Array, value: Uint8Array): void;
  del(key: Uint8Array): void;
}

/** Records that are ready to be written atomically. */
export interface ReadyBatch {
  /** Keys and values together. */
  readonly bytes: number;
  /** Resolves once they are on disk. */
  write(): Promise<void>;
  close(): Promise<void>;
}

/** Databases whose chained batches copy the given records. */
const copying = new WeakSet<Database>();

/** A batch of the records that `fill` gives. A chained batch takes a third of the time of an array. */
export function readyBatch(database: Database, fill: (sink: BatchSink) => void): ReadyBatch {
  const batch = database.batch();
  const own = copying.has(database)
    ? (record: Uint8Array) => record
    : (record: Uint8Array) => record.slice();
  let bytes = 0;
  fill({
    put(key, value) {
      bytes += key.length + value.length;
      batch.put(own(key), own(value));
    },
    del(key) {
      bytes += key.length;
      batch.del(own(key));
    },
  });
  return { bytes, write: () => batch.write(SYNCED), close: () => batch.close() };
}

/** Carries out the operations atomically; resolves once they are on disk. */
export async function writeSynced(
  database: Database,
  operations: readonly BatchOperation[],
): Promise<void> {
  await readyBatch(database, (sink) => fillWith(sink, operations)).write();
}

export function fillWith(sink: BatchSink, operations: readonly BatchOperation[]): void {
  for (const operation of operations) {
    if (operation.type === 'put') sink.put(operation.key, operation.value);
    else sink.del(operation.key);
  }
}

/** The records that `fill` gives, copied into an array. */
export function operationsOf(fill: (sink: BatchSink) => void): BatchOperation[] {
  const operations: BatchOperation[] = [];
  fill({
    put: (key, value) => operations.push({ type: 'put', key: key.slice(), value: value.slice() }),
    del: (key) => operations.push({ type: 'del', key: key.slice() }),
  });
  return operations;
}

export function corruptDatabase(problem: string, cause?: unknown): StoreError {
  const advice =
    'restore it from a copy, or start with an empty directory and let the peers refill it';
  return new StoreError('STORE_CORRUPT', `${problem}: ${advice}`, { cause });
}

/**
 * Throws `STORE_CORRUPT` if a file of LevelDB is damaged, `STORE_UNAVAILABLE` at another I/O error; rethrows
 * other errors.
 */
export function rethrow(error: unknown): never {
  const { message } = error as Error;
  if (isUnreadable(error)) {
    throw corruptDatabase(`LevelDB cannot read a file of the database (${message})`, error);
  }
  throw isIoError(error) ? unavailableDatabase(error) : error;
}

/** For reads that fail and say nothing of what is on the disk. */
export function unavailableDatabase(cause: unknown): StoreError {
  const { message } = cause as Error;
  return new StoreError(
    'STORE_UNAVAILABLE',
    `the database cannot be read (${message}): check the disk and the limit of open files, and try again`,
    { cause },
  );
}

/** The value under a key. Throws `STORE_CORRUPT` and `STORE_UNAVAILABLE` as `rethrow`. */
export function readSync(
  database: Database,
  key: Uint8Array,
  options: RecordOptions = VIEWS,
): Uint8Array | undefined {
  try {
    return database.getSync(key, options);
  } catch (error) {
    return rethrow(error);
  }
}

export interface RecordOptions {
  readonly keyEncoding: 'view';
  readonly valueEncoding: 'view';
  readonly snapshot?: AbstractSnapshot;
}

export const VIEWS = { keyEncoding: 'view', valueEncoding: 'view' } as const;

/** `VIEWS` as of a snapshot, if one is given. */
export function viewsOf(snapshot: AbstractSnapshot | undefined): RecordOptions {
  return snapshot === undefined ? VIEWS : { ...VIEWS, snapshot };
}

/** LevelDB answers with Node's Buffers, whose `slice` is not the one of arrays. */
export function plain(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Bytes LevelDB gathers in memory, and in a log, before it makes a table of them. Raising it speeds up
 * writing a little, and slows down opening, which reads the logs.
 */
export const WRITE_BUFFER_BYTES: number = 4 * 1024 * 1024;

/**
 * Bytes that may be in LevelDB's log alone: its table in memory and the table being written out. Each
 * ends with the batch that fills it.
 */
export function loggedSpan(largestBatchBytes: number): number {
  return 2 * (WRITE_BUFFER_BYTES + largestBatchBytes);
}

/**
 * Files LevelDB keeps open: 64 tables, each mapped into memory, and ten others. Raising it lets large
 * sets open tables less often, and costs a table's size of memory for each. LevelDB takes a smaller number
 * for this one.
 */
export const MAX_OPEN_FILES: number = 74;

/** Bytes of blocks LevelDB keeps. The index has its own cache, and few payloads are read twice. */
export const BLOCK_CACHE_BYTES: number = 1024 * 1024;

/**
 * Bytes of a table. Raising it means fewer tables, and more memory for each open table. LevelDB takes a smaller
 * number for this one.
 */
export const TABLE_BYTES: number = 1024 * 1024;

/**
 * Opens, or makes, the LevelDB in the directory `path`. Rejects with `STORE_LOCKED` if another process
 * has it open, `STORE_CORRUPT` if LevelDB cannot read it, else `STORE_OPEN_FAILED`; in browsers with
 * `NEEDS_NODE`.
 */
export async function openDatabase(path: string): Promise<Database> {
  await checkCurrent(path);
  // Imported when needed: programs with sets in memory alone run without it.
  const { Level } = await import('level');
  const database = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    writeBufferSize: WRITE_BUFFER_BYTES,
    maxOpenFiles: MAX_OPEN_FILES,
    maxFileSize: TABLE_BYTES,
    cacheSize: BLOCK_CACHE_BYTES,
  });
  try {
    await database.open();
  } catch (error) {
    throw openError(path, error);
  }
  copying.add(database);
  return database;
}

/**
 * Rejects with `STORE_LOCKED` when another process has the database in the directory `path` open. LevelDB
 * looks at its lock before it looks for the database, and opens none that is there where it should be new.
 */
export async function checkLock(path: string): Promise<void> {
  const { Level } = await import('level');
  const probe = new Level(path, { errorIfExists: true, createIfMissing: false });
  try {
    await probe.open();
    await probe.close();
  } catch (error) {
    const failure = openError(path, error);
    if (failure.code === 'STORE_LOCKED') throw failure;
  }
}

/** Without its file CURRENT, LevelDB takes a database for a new one and deletes its files. */
async function checkCurrent(path: string): Promise<void> {
  const { readdir } = nodeFiles(
    'give the replica another abstract-level database, as memory-level',
  );
  const names = await readdir(path).catch((): string[] => []);
  const written = writtenFile(names);
  if (names.includes('CURRENT') || written === undefined) return;
  throw corruptDatabase(
    `the database in ${path} has lost its file CURRENT, and still has ${written}`,
  );
}

function openError(path: string, error: unknown): StoreError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = cause as { code?: string; message?: string };
  if (code === 'LEVEL_LOCKED') {
    return new StoreError(
      'STORE_LOCKED',
      `another process has the database in ${path} open: stop it, or give this one a data directory of its own`,
      { cause },
    );
  }
  // LevelDB makes a missing directory, so a missing file is one that another file names.
  const astray = /No such file|Not a directory|Is a directory/.test(message ?? '');
  if (code === 'LEVEL_CORRUPTION' || astray) {
    return corruptDatabase(`LevelDB cannot read the database in ${path} (${message})`, cause);
  }
  const advice =
    shortageOf(message ?? '') ?? 'check that this user may write to the directory and its files';
  return new StoreError(
    'STORE_OPEN_FAILED',
    `the database in ${path} cannot be opened (${message}): ${advice}`,
    { cause },
  );
}

export interface KeyRangeBytes {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}
