import type { AbstractSnapshot } from 'abstract-level';
import { type Database, plain, viewsOf } from './database.ts';

/** Stands for what lies in a part of a file that LevelDB cannot make sense of. */
export const UNREADABLE: unique symbol = Symbol('unreadable');

/** What lies under a key: nothing, bytes, or what cannot be read. */
export type ReadResult = Uint8Array | undefined | typeof UNREADABLE;

/** Whether something lies there that can be read. */
export function isBytes(found: ReadResult): found is Uint8Array {
  return found !== undefined && found !== UNREADABLE;
}

/**
 * Whether LevelDB said, itself or through a `StoreError`, that a file is not what it wrote: then some
 * records are gone for good, while others beside them can be read. A file that ends too early is mapped
 * into memory and read behind its end, which is an I/O error of a kind of its own. Other I/O errors may
 * pass, and say nothing of the records.
 */
export function isUnreadable(error: unknown): boolean {
  const { code, message, cause } = Object(error);
  if (code === 'LEVEL_CORRUPTION') return true;
  // `getSync` gives I/O errors no code.
  if (/^IO error: .*: Invalid argument$/.test(message)) return true;
  return code === 'STORE_CORRUPT' && cause !== undefined && isUnreadable(cause);
}

/**
 * Whether reading was ended by damage of a file, or by a disk that does not read: said by the error
 * itself, or by its cause.
 */
export function isReadFailure(error: unknown): boolean {
  return [error, Object(error).cause].some(
    (one) => isUnreadable(one) || Object(one).code === 'LEVEL_IO_ERROR',
  );
}

/** Throws what is no damage of a file, such as an I/O error. */
export function tryRead(
  database: Database,
  key: Uint8Array,
  snapshot?: AbstractSnapshot,
): ReadResult {
  try {
    const value = database.getSync(key, viewsOf(snapshot));
    return value && plain(value);
  } catch (error) {
    if (isUnreadable(error)) return UNREADABLE;
    throw error;
  }
}

/** The same for many keys: together as long as all can be read, else one by one. */
export function tryReadMany(
  database: Database,
  keys: readonly Uint8Array[],
  snapshot?: AbstractSnapshot,
): Promise<ReadResult[]> {
  const read = async (): Promise<ReadResult[]> => {
    const values = await database.getMany([...keys], viewsOf(snapshot));
    return values.map((value) => value && plain(value));
  };
  return togetherOr(read, () => keys.map((key) => tryRead(database, key, snapshot)));
}

/** Whether there is something under each key, be it readable or not. */
export function tryHasMany(
  database: Database,
  keys: readonly Uint8Array[],
  snapshot?: AbstractSnapshot,
): Promise<boolean[]> {
  return togetherOr(
    () => database.hasMany([...keys], viewsOf(snapshot)),
    () => keys.map((key) => tryRead(database, key, snapshot) !== undefined),
  );
}

/** What `together` gives, or `oneByOne` when something among it cannot be read. */
async function togetherOr<Result>(
  together: () => Promise<Result>,
  oneByOne: () => Result,
): Promise<Result> {
  try {
    return await together();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return oneByOne();
  }
}
