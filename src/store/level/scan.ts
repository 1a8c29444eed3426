import type { AbstractSnapshot } from 'abstract-level';
import { type Database, type KeyRangeBytes, plain, rethrow, writeSynced } from './database.ts';
import { isUnreadable } from './unreadable.ts';

export interface WalkOptions {
  /** @default the database as it is now */
  snapshot?: AbstractSnapshot;
  /** Most records in one step. @default 1000 */
  records?: number;
  /** The first step has one record, and each step twice as many: a short read of long records reads few. @default false */
  grows?: boolean;
  /** Whether to read values; otherwise they are empty. @default true */
  values?: boolean;
  /**
   * Whether to hand on arrays as the database makes them: their `slice` may be no copy.
   * @default false
   */
  raw?: boolean;
  /** Called at the end if part of the range could not be read. @default throws `STORE_CORRUPT` */
  unreadable?: (error: unknown) => void;
}

/** Bytes LevelDB reads ahead for one step. */
export const STEP_BYTES: number = 256 * 1024;

type Records = [Uint8Array, Uint8Array][];

/**
 * The records of a range in key order, in steps of about 256 KiB, at least one record.
 *
 * LevelDB's iterators skip an unreadable block. They report it only at the end of the range, where the
 * error replaces the last step. That step is then read again record by record.
 */
export async function* walk(
  database: Database,
  range: KeyRangeBytes,
  options: WalkOptions = {},
): AsyncGenerator<Records, void> {
  const { unreadable } = options;
  let from = range.gte;
  let failure: unknown;
  try {
    for await (const records of readSteps(database, range, options)) {
      from = behind(records.at(-1)![0]);
      yield records;
    }
    return;
  } catch (error) {
    if (unreadable === undefined || !isUnreadable(error)) rethrow(error);
    failure = error;
  }
  try {
    yield* readSteps(database, { gte: from, lt: range.lt }, { ...options, records: 1 });
  } catch (error) {
    if (!isUnreadable(error)) rethrow(error);
  }
  unreadable(failure);
}

/** The first step of `walk`; empty where nothing can be read. */
export async function walkOnce(
  database: Database,
  range: KeyRangeBytes,
  options: WalkOptions,
): Promise<Records> {
  for await (const records of walk(database, range, options)) return records;
  return [];
}

/** Deletes the records of a range; where LevelDB cannot read some of them, those that it can read. */
export async function clearRange(database: Database, range: KeyRangeBytes): Promise<void> {
  try {
    await database.clear(range);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const options = { values: false, unreadable: passOver };
    for await (const records of walk(database, range, options)) {
      await writeSynced(
        database,
        records.map(([key]) => ({ type: 'del', key })),
      );
    }
  }
}

/** The last record of a range, if it has one; its value is empty unless wanted. Throws like `walk`. */
export async function lastRecord(
  database: Database,
  range: KeyRangeBytes,
  { snapshot, values = true }: Pick<WalkOptions, 'snapshot' | 'values'> = {},
): Promise<readonly [Uint8Array, Uint8Array] | undefined> {
  const at = snapshot === undefined ? {} : { snapshot };
  const iterator = database.iterator({ ...range, ...at, values, reverse: true, limit: 1 });
  try {
    const [record] = await iterator.nextv(1);
    return record && [plain(record[0]), values ? plain(record[1]) : NOTHING];
  } catch (error) {
    return rethrow(error);
  } finally {
    await iterator.close();
  }
}

async function* readSteps(
  database: Database,
  range: KeyRangeBytes,
  { snapshot, records = 1_000, grows = false, values = true, raw = false }: WalkOptions,
): AsyncGenerator<Records, void> {
  const options = {
    ...range,
    ...(snapshot === undefined ? {} : { snapshot }),
    values,
    highWaterMarkBytes: STEP_BYTES,
  };
  const iterator = database.iterator(options);
  try {
    for (let size = grows ? 1 : records; ; size = Math.min(2 * size, records)) {
      const step = await iterator.nextv(size);
      if (step.length === 0) return;
      if (raw) yield step;
      else yield step.map(([key, value]) => [plain(key), values ? plain(value) : NOTHING]);
    }
  } finally {
    await closeEmpty(iterator, range.lt);
  }
}

/**
 * Closes an iterator after a step without records. LevelDB's iterator keeps those of its last step until it is
 * collected, outside the heap: short reads of long records would hold hundreds of megabytes.
 */
async function closeEmpty(
  iterator: ReturnType<Database['iterator']>,
  end: Uint8Array,
): Promise<void> {
  try {
    iterator.seek(end);
    await iterator.nextv(1);
  } catch {
    // The database fails or was closed, which its reader is told by other means.
  }
  await iterator.close();
}

const NOTHING = new Uint8Array(0);

/** For `unreadable`, where skipped records are found, or reported, elsewhere. */
export function passOver(): void {}

/** The first key above `key`. */
export function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
