import { join } from 'node:path';
import { systemClock } from '../../src/daemon/system/index.ts';
import { bytesToHex, type Database, openDatabase, Replica } from '../../src/store/index.ts';
import { setKeys } from '../../src/store/replica/records/index.ts';
import { FakeDisk } from './fake-disk.ts';

const KEYS = setKeys('set');

/** Makes the data directory of a daemon that holds `count` items, some of them in the tree. */
export async function seed(dataDir: string, count: number): Promise<void> {
  const replica = await Replica.open({
    open: () => openDatabase(join(dataDir, 'db')),
    clock: systemClock,
    disk: new FakeDisk(),
    index: { bufferItems: 64 },
  });
  for (let i = 0; i < count; i += 200) {
    const page = Array.from({ length: Math.min(200, count - i) }, (_, k) => seededItem(i + k));
    await replica.put(page);
  }
  await replica.close();
}

export function seededItem(number: number): { hint: bigint; payload: Uint8Array } {
  return { hint: BigInt(number), payload: new TextEncoder().encode(`item ${number}`) };
}

/** Flips a byte of the payload of one item; returns the key of its record, in hex. */
export function corruptPayload(dataDir: string): Promise<string> {
  return damage(dataDir, async (database) => {
    const [[key, value]] = (await database.iterator({ ...KEYS.items, limit: 1 }).all()) as [
      [Uint8Array, Uint8Array],
    ];
    const flipped = new Uint8Array(value);
    flipped[0]! ^= 1;
    await database.put(key, flipped);
    return bytesToHex(new Uint8Array(key));
  });
}

/** Deletes the oldest node of the tree: a leaf. */
export function dropNode(dataDir: string): Promise<void> {
  return damage(dataDir, async (database) => {
    const [key] = await database.keys({ ...KEYS.nodes, limit: 1 }).all();
    await database.del(key!);
  });
}

/** Has `work` change the database of a daemon that does not run. */
async function damage<T>(dataDir: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(join(dataDir, 'db'));
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
