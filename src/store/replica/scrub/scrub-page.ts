import { compareKeys, type ItemKey } from '../../item.ts';
import {
  behind as above,
  type Database,
  passOver,
  STEP_BYTES,
  walkOnce,
} from '../../level/index.ts';
import { rankBehind } from '../../ranks.ts';
import { checkItems, findItems } from '../check/index.ts';
import type { DurableSet } from '../durable-set/index.ts';
import type { SetKeys } from '../records/index.ts';

/** Payload bytes that count as one item: a large item takes the time of as many as it could be. */
const ITEM_BYTES = 16 * 1024;

/** The next keys of the index. */
export interface PageKeys {
  /** The last key before them; null at the beginning. */
  readonly behind: ItemKey | null;
  readonly keys: readonly ItemKey[];
  /** Whether they reach to the end of the set. */
  readonly last: boolean;
}

/** What was found under some keys of the index, and between them. */
export interface Page {
  /** What the writer must look at. */
  readonly suspects: readonly ItemKey[];
  readonly read: number;
  /** Items as far as the rate goes; see `ITEM_BYTES`. */
  readonly cost: number;
  /** The key to go on behind; null when the end of the set was reached. */
  readonly end: ItemKey | null;
}

/** The next `count` keys. Throws `STORE_CORRUPT` when the index cannot be read. */
export function keysBehind(set: DurableSet, behind: ItemKey | null, count: number): PageKeys {
  const snapshot = set.snapshot();
  try {
    const from = behind === null ? 0 : rankBehind(snapshot, behind);
    const end = Math.min(snapshot.size, from + count);
    return { behind, keys: [...snapshot.keys(from, end)], last: end === snapshot.size };
  } finally {
    snapshot.release();
  }
}

/** Records read beyond those the index knows of. */
const EXTRA_RECORDS = 16;

/**
 * Reads the items from page to page by the keys of the index: LevelDB's iterators pass over what they
 * cannot read, and a damaged key may seem to be the last one.
 */
export async function readPage(
  database: Database,
  keys: SetKeys,
  { behind, keys: indexed, last }: PageKeys,
): Promise<Page> {
  const until = last ? null : indexed.at(-1)!;
  const range = {
    gte: behind === null ? keys.items.gte : above(keys.item(behind)),
    lt: until === null ? keys.items.lt : above(keys.item(until)),
  };
  const most = indexed.length + EXTRA_RECORDS;
  const records = await walkOnce(database, range, { records: most, unreadable: passOver });
  const bytes = records.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const { items } = await findItems(database, keys, records);
  const reached = records.length >= most || bytes > STEP_BYTES ? items.at(-1) : undefined;
  const end = reached === undefined ? until : { hint: reached.hint, id: reached.id };
  const within = indexed.filter((key) => end === null || compareKeys(key, end) <= 0);
  const findings = checkItems({ database, keys }, items, within);
  const suspects = [...findings].flatMap((one) => (one.code === 'PASSED_OVER' ? [] : [one.item]));
  const cost = records.reduce((sum, [, { length }]) => sum + Math.max(1, length / ITEM_BYTES), 0);
  return { suspects, read: records.length, cost: Math.max(cost, within.length), end };
}
