import { equalBytes } from '../../bytes.ts';
import { compareKeys, type Item, type ItemKey, ZERO_BOUND } from '../../item.ts';
import type { Database } from '../../level/index.ts';
import {
  behind as above,
  isBytes,
  passOver,
  STEP_BYTES,
  tryReadMany,
  walk,
} from '../../level/index.ts';
import type { DurableSet } from '../durable-set/index.ts';
import { isWhole } from '../quarantine/index.ts';
import { decodeItemKey, encodeHead, type SetKeys } from '../records/index.ts';

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
    const from = snapshot.lowerBound(behind ?? ZERO_BOUND);
    const found = [...snapshot.keys(from, Math.min(snapshot.size, from + count + 1))];
    const next = found.filter((key) => behind === null || compareKeys(key, behind) > 0);
    const last = from + count + 1 >= snapshot.size && next.length <= count;
    return { behind, keys: next.slice(0, count), last };
  } finally {
    snapshot.release();
  }
}

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
  const { records, cut } = await readRecords(database, range, indexed.length);
  const items = records.flatMap(([key, payload]) => {
    const item = decodeItemKey(keys, key);
    return item === null ? [] : [{ ...item, payload }];
  });
  const reached = cut ? items.at(-1) : undefined;
  const end = reached === undefined ? until : { hint: reached.hint, id: reached.id };
  const within = indexed.filter((key) => end === null || compareKeys(key, end) <= 0);
  const suspects = [...(await broken(database, keys, items)), ...differences(within, items)];
  const cost = records.reduce((sum, [, payload]) => sum + costOf(payload), 0);
  return { suspects, read: records.length, cost: Math.max(cost, within.length), end };
}

/** As many records as there should be, and some more, or as fit into one step; whether there are more. */
async function readRecords(
  database: Database,
  range: { readonly gte: Uint8Array; readonly lt: Uint8Array },
  count: number,
): Promise<{ readonly records: [Uint8Array, Uint8Array][]; readonly cut: boolean }> {
  const most = count + EXTRA_RECORDS;
  const steps = walk(database, range, { records: most, unreadable: passOver });
  const records = (await steps.next()).value ?? [];
  await steps.return();
  const bytes = records.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return { records, cut: records.length >= most || bytes > STEP_BYTES };
}

/** Records read beyond those the index knows of. */
const EXTRA_RECORDS = 16;

/** Those that are not what their ids, or the id records, say. */
async function broken(
  database: Database,
  keys: SetKeys,
  items: readonly Item[],
): Promise<ItemKey[]> {
  const heads = await tryReadMany(
    database,
    items.map(({ id }) => keys.id(id)),
  );
  return items.filter((item, i) => {
    const expected = encodeHead({ hint: item.hint, bytes: item.payload.length });
    const head = heads[i];
    if (!isBytes(head) || !equalBytes(head, expected)) return true;
    return !isWhole(item, item.payload);
  });
}

function costOf(payload: Uint8Array): number {
  return Math.max(1, payload.length / ITEM_BYTES);
}

/** What only one of two lists has; `left` ascends. */
function differences(left: readonly ItemKey[], right: readonly ItemKey[]): ItemKey[] {
  const sorted = [...right].sort(compareKeys);
  const only: ItemKey[] = [];
  let at = 0;
  for (const key of left) {
    while (at < sorted.length && compareKeys(sorted[at]!, key) < 0) only.push(sorted[at++]!);
    if (at < sorted.length && compareKeys(sorted[at]!, key) === 0) at++;
    else only.push(key);
  }
  return [...only, ...sorted.slice(at)];
}
