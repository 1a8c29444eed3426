import { compareKeys, type ItemKey } from '../../item.ts';
import {
  behind as above,
  type Database,
  passOver,
  STEP_BYTES,
  walkOnce,
} from '../../level/index.ts';
import { rankBehind, readOnce } from '../../ranks.ts';
import { checkItems, findItems } from '../check/index.ts';
import type { DurableSet } from '../durable-set/index.ts';
import type { SetKeys } from '../records/index.ts';

/** Payload bytes that count as one item, so that large items take more time. */
export const ITEM_BYTES: number = 16 * 1024;

export interface PageKeys {
  /** The last key before this page; null at the beginning. */
  readonly behind: ItemKey | null;
  readonly keys: readonly ItemKey[];
  /** Whether they reach to the end of the set. */
  readonly last: boolean;
}

export interface Page {
  /** Items that the writer must inspect. */
  readonly suspects: readonly ItemKey[];
  readonly read: number;
  /** Items that count for the rate; see `ITEM_BYTES`. */
  readonly cost: number;
  /** The key to go on behind; null at the end of the set. */
  readonly end: ItemKey | null;
}

/** The next `count` keys of the index. Throws `STORE_CORRUPT` if it cannot be read. */
export function keysBehind(set: DurableSet, behind: ItemKey | null, count: number): PageKeys {
  return readOnce(set.snapshot(), (snapshot) => {
    const from = behind === null ? 0 : rankBehind(snapshot, behind);
    const end = Math.min(snapshot.size, from + count);
    return { behind, keys: [...snapshot.keys(from, end)], last: end === snapshot.size };
  });
}

/** Records read beyond those in the index. */
const EXTRA_RECORDS = 16;

/**
 * Reads the items by the keys of the index, since LevelDB's iterators skip unreadable blocks, and a
 * damaged key may look like the last key.
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
