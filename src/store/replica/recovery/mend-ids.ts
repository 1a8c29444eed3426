import { readU64BE } from '../../bytes.ts';
import { compareKeys, INFINITE_HINT, type ItemKey } from '../../item.ts';
import {
  type BatchOperation,
  type Database,
  isBytes,
  passOver,
  tryRead,
  walk,
  writeSynced,
} from '../../level/index.ts';
import type { DurableTree } from '../../tree/index.ts';
import type { DurableSetInit } from '../durable-set/index.ts';
import type { SetKeys, Totals } from '../records/index.ts';
import { encodeQuarantined } from '../records/index.ts';

/**
 * Compares the id records with a tree that was filled from the items: deletes those of items that are
 * not there, takes in items that only their id records lead to, and puts aside those that cannot be
 * read. Only when there are more id records than items is any of that looked for.
 */
export async function mendIds(
  init: DurableSetInit,
  tree: DurableTree,
  totals: Totals,
): Promise<Totals & { readonly unreadable: number }> {
  const { database, keys } = init;
  const found = { ...totals, unreadable: 0 };
  if ((await countIds(database, keys)) === totals.items) return found;
  for await (const records of walk(database, keys.ids, { unreadable: passOver })) {
    const missing = itemsOf(keys, records).filter(({ key }) => key === null || !tree.holds(key));
    if (missing.length > 0) await mend(init, tree, missing, found);
  }
  return found;
}

async function countIds(database: Database, keys: SetKeys): Promise<number> {
  let ids = 0;
  const options = { values: false, unreadable: passOver };
  for await (const records of walk(database, keys.ids, options)) ids += records.length;
  return ids;
}

/** An id record, and the item it leads to; null when it leads nowhere. */
interface IdRecord {
  readonly idKey: Uint8Array;
  readonly key: ItemKey | null;
}

function itemsOf(keys: SetKeys, records: readonly [Uint8Array, Uint8Array][]): IdRecord[] {
  return records.map(([idKey, value]) => {
    const id = idKey.slice(keys.ids.gte.length);
    const hint = value.length === 16 && id.length === 32 ? readU64BE(value, 0) : INFINITE_HINT;
    return { idKey, key: hint === INFINITE_HINT ? null : { hint, id } };
  });
}

async function mend(
  { database, keys, clock }: DurableSetInit,
  tree: DurableTree,
  records: readonly IdRecord[],
  found: { items: number; bytes: number; unreadable: number },
): Promise<void> {
  const insert: ItemKey[] = [];
  const operations: BatchOperation[] = [];
  for (const { idKey, key } of records) {
    const payload = key === null ? undefined : tryRead(database, keys.item(key));
    if (key !== null && isBytes(payload)) {
      insert.push(key);
      found.bytes += payload.length;
      continue;
    }
    operations.push({ type: 'del', key: idKey });
    if (key === null || payload === undefined) continue;
    const value = encodeQuarantined({ at: clock.now(), hint: key.hint, payload: null });
    operations.push({ type: 'put', key: keys.quarantine(key.id), value });
    operations.push({ type: 'del', key: keys.item(key) });
    found.unreadable++;
  }
  const write = tree.prepare({ insert: insert.sort(compareKeys) });
  await writeSynced(database, [...write.operations, ...operations]);
  write.commit();
  found.items += insert.length;
}
