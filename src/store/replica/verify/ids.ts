import { concatBytes } from '../../bytes.ts';
import { passOver, tryHasMany, walk } from '../../level/index.ts';
import type { Verification } from './verification.ts';

/**
 * Compares the number of id records with that of the items, each of which was seen to have one; only
 * when there are more are the stray ones looked for.
 */
export async function verifyIds(run: Verification, items: number): Promise<void> {
  const { database, snapshot, keys } = run;
  let ids = 0;
  const unreadable = run.unreadable('id records');
  for await (const records of walk(database, keys.ids, { snapshot, values: false, unreadable })) {
    ids += records.length;
    await run.step('ids', ids);
  }
  if (ids <= items) return;
  const options = { snapshot, unreadable: passOver };
  for await (const records of walk(database, keys.ids, options)) await findStray(run, records);
}

async function findStray(
  { database, snapshot, keys, findings }: Verification,
  records: readonly [Uint8Array, Uint8Array][],
): Promise<void> {
  const prefix = keys.ids.gte.length;
  const itemKeys = records.map(([key, value]) =>
    concatBytes(keys.items.gte, value.subarray(0, 8), key.subarray(prefix)),
  );
  const there = await tryHasMany(database, itemKeys, snapshot);
  records.forEach(([key], i) => {
    if (!there[i]) findings.add('ID_RECORD', key, 'there is no such item');
  });
}
