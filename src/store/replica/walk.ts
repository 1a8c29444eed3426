import type { AbstractSnapshot } from 'abstract-level';
import { type Database, plain, rethrow } from './database.ts';
import type { KeyRangeBytes } from './layout.ts';

export interface WalkOptions {
  /** What to read: the database as it was then. @default as it is now */
  snapshot?: AbstractSnapshot;
  /** Records in one step at the most. @default 1000 */
  records?: number;
  /** Whether to read values; without, they are given as empty. @default true */
  values?: boolean;
}

/** Bytes LevelDB reads ahead for one step. */
const STEP_BYTES = 256 * 1024;

/** The records of a range in key order, some at a time: as many as fit into 256 KiB, at least one. */
export async function* walk(
  database: Database,
  range: KeyRangeBytes,
  { snapshot, records = 1_000, values = true }: WalkOptions = {},
): AsyncGenerator<[Uint8Array, Uint8Array][], void> {
  const options = {
    ...range,
    ...(snapshot === undefined ? {} : { snapshot }),
    values,
    highWaterMarkBytes: STEP_BYTES,
  };
  const iterator = database.iterator(options);
  try {
    for (;;) {
      const found = await iterator.nextv(records).catch(rethrow);
      if (found.length === 0) return;
      yield found.map(([key, value]) => [plain(key), values ? plain(value) : NOTHING]);
    }
  } finally {
    await iterator.close();
  }
}

const NOTHING = new Uint8Array(0);

/** The first key above `key`. */
export function behind(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
