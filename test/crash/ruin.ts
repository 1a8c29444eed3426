import { type Database, openDatabase } from '../../src/store/index.ts';
import { setKeys } from '../../src/store/replica/layout.ts';

const encoder = new TextEncoder();
const keys = setKeys('set');

/** Takes the root away from the index of a closed replica. */
export async function breakIndex(directory: string): Promise<void> {
  const database = await openDatabase(directory);
  await database.del(keys.tree.meta);
  await database.close();
}

/** Turns the directory of a closed replica into one of the first schema; see `migrateFirstSchema`. */
export async function toFirstSchema(directory: string): Promise<void> {
  const database = await openDatabase(directory);
  const totals = new DataView(new ArrayBuffer(16));
  for await (const [key, value] of database.iterator(keys.items)) {
    await database.put(renamed('item/', key, keys.items.gte), value);
    totals.setBigUint64(0, totals.getBigUint64(0) + 1n);
    totals.setBigUint64(8, totals.getBigUint64(8) + BigInt(value.length));
  }
  await moveIds(database);
  await database.clear({ gte: encoder.encode('set/'), lt: encoder.encode('set0') });
  await database.put(encoder.encode('meta/totals'), new Uint8Array(totals.buffer));
  await database.put(encoder.encode('meta/schema'), new Uint8Array([0, 0, 0, 1]));
  await database.close();
}

async function moveIds(database: Database): Promise<void> {
  for await (const [key, value] of database.iterator(keys.ids)) {
    await database.put(renamed('id/', key, keys.ids.gte), value);
  }
}

function renamed(prefix: string, key: Uint8Array, old: Uint8Array): Uint8Array {
  const start = encoder.encode(prefix);
  const renamedKey = new Uint8Array(start.length + key.length - old.length);
  renamedKey.set(start);
  renamedKey.set(key.subarray(old.length), start.length);
  return renamedKey;
}
