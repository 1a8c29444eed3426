import type { AbstractSnapshot } from 'abstract-level';
import { type Database, plain, rethrow, viewsOf } from './database.ts';
import { isIoError, isUnreadable } from './unreadable.ts';

/** Stands for a value in a part of a file that LevelDB cannot read. */
export const UNREADABLE: unique symbol = Symbol('unreadable');

/** The value under a key: bytes, none, or unreadable. */
export type ReadResult = Uint8Array | undefined | typeof UNREADABLE;

export function isBytes(found: ReadResult): found is Uint8Array {
  return found !== undefined && found !== UNREADABLE;
}

/** Whether an error, or its cause, says that a file is damaged or that the disk does not read. */
export function isReadFailure(error: unknown): boolean {
  return [error, Object(error).cause].some((one) => isUnreadable(one) || isIoError(one));
}

/** Whether LevelDB, or another abstract-level database, made the error. */
export function isDatabaseError(error: unknown): boolean {
  return String(Object(error).code).startsWith('LEVEL_');
}

/** Throws errors other than damage of a file: `STORE_UNAVAILABLE` for an I/O error. */
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
    return rethrow(error);
  }
}

/** `tryRead` for many keys: together if all can be read, else one by one. */
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

/** Whether there is a value under each key, readable or not. */
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

/** The result of `together`, or of `oneByOne` if a value cannot be read. */
async function togetherOr<Result>(
  together: () => Promise<Result>,
  oneByOne: () => Result,
): Promise<Result> {
  try {
    return await together();
  } catch (error) {
    if (!isUnreadable(error)) rethrow(error);
    return oneByOne();
  }
}
