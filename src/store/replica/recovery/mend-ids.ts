import { compareKeys, type ItemKey } from '../../item.ts';
import {
  type BatchOperation,
  isBytes,
  passOver,
  tryRead,
  walk,
  writeSynced,
} from '../../level/index.ts';
import type { DurableTree } from '../../tree/index.ts';
import { countRecords, idRecordsOf } from '../check/index.ts';
import type { DurableSetInit } from '../durable-set/index.ts';
import { encodeQuarantined, placeIn, type Totals } from '../records/index.ts';

/**
 * Compares the id records with a tree filled from the items, if there are more id records. Deletes id
 * records without items, inserts items found only by their id records, and puts unreadable items aside.
 */
export async function mendIds(
  init: DurableSetInit,
  tree: DurableTree,
  totals: Totals,
): Promise<Totals & { readonly unreadable: number }> {
  const { database, keys } = init;
  const found = { ...totals, unreadable: 0 };
  const options = { unreadable: passOver };
  if ((await countRecords(database, keys.ids, options)) === totals.items) return found;
  for await (const page of walk(database, keys.ids, options)) {
    const records = idRecordsOf(keys, page);
    const missing = records.filter(({ key }) => key === null || !tree.holds(key));
    if (missing.length > 0) await mend(init, tree, missing, found);
  }
  return found;
}

async function mend(
  { database, keys, clock }: DurableSetInit,
  tree: DurableTree,
  records: ReturnType<typeof idRecordsOf>,
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
    const seq = placeIn(tryRead(database, idKey));
    const value = encodeQuarantined({ at: clock.now(), hint: key.hint, payload: null, seq });
    operations.push({ type: 'put', key: keys.quarantine(key.id), value });
    operations.push({ type: 'del', key: keys.item(key) });
    found.unreadable++;
  }
  const write = tree.prepare({ insert: insert.sort(compareKeys) });
  await writeSynced(database, [...write.operations, ...operations]);
  write.commit();
  found.items += insert.length;
}
