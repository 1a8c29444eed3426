import { renameSync, rmSync } from 'node:fs';
import { openDatabase } from '../../src/store/index.ts';
import { setKeys } from '../../src/store/replica/records/index.ts';

const encoder = new TextEncoder();
const keys = setKeys('set');

/** Takes the root away from the index of a closed replica. */
export async function breakIndex(directory: string): Promise<void> {
  const database = await openDatabase(directory);
  await database.del(keys.tree.meta);
  await database.close();
}

/**
 * Turns the directory of a closed replica into one of the first schema; see `migrateFirstSchema`. It is
 * made anew: no such directory ever held records of a later schema.
 */
export async function toFirstSchema(directory: string): Promise<void> {
  const made = `${directory}.first`;
  rmSync(made, { recursive: true, force: true });
  const [from, to] = [await openDatabase(directory), await openDatabase(made)];
  const totals = new DataView(new ArrayBuffer(16));
  for await (const [key, value] of from.iterator(keys.items)) {
    await to.put(renamed('item/', key, keys.items.gte), value);
    totals.setBigUint64(0, totals.getBigUint64(0) + 1n);
    totals.setBigUint64(8, totals.getBigUint64(8) + BigInt(value.length));
  }
  for await (const [key, value] of from.iterator(keys.ids)) {
    // Without the place, which the first schema had not.
    await to.put(renamed('id/', key, keys.ids.gte), value.subarray(0, 16));
  }
  await to.put(encoder.encode('meta/totals'), new Uint8Array(totals.buffer));
  await to.put(encoder.encode('meta/schema'), new Uint8Array([0, 0, 0, 1]));
  await Promise.all([from.close(), to.close()]);
  rmSync(directory, { recursive: true });
  renameSync(made, directory);
}

function renamed(prefix: string, key: Uint8Array, old: Uint8Array): Uint8Array {
  const start = encoder.encode(prefix);
  const renamedKey = new Uint8Array(start.length + key.length - old.length);
  renamedKey.set(start);
  renamedKey.set(key.subarray(old.length), start.length);
  return renamedKey;
}
