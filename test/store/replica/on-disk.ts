import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  type Database,
  itemId,
  type NewItem,
  openDatabase,
  type Replica,
  type ReplicaInit,
  type Witness,
} from '../../../src/store/index.ts';
import { openAgain } from './support.ts';

const text = new TextEncoder();

/** Small nodes and a small buffer, so that a few items make a tree of several levels. */
const INDEX = { bufferItems: 64, leafItems: 4, fanout: 4 };

/** A replica in `directory` with a small index, closed after the test. */
export function open(
  t: TestContext,
  directory: string,
  init: Partial<ReplicaInit> = {},
): Promise<Replica> {
  return openAgain(t, directory, { index: INDEX, ...init });
}

/** Opens the database in `directory`, has `change` change it, and closes it. */
export async function tamper(
  directory: string,
  change: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(directory);
  await change(database);
  await database.close();
}

/** The first key that begins with `prefix`, or one some keys behind it. */
export async function firstKey(database: Database, prefix: string, skip = 0): Promise<Uint8Array> {
  const keys = await database.keys({ gte: text.encode(prefix), limit: skip + 1 }).all();
  return keys[skip]!;
}

/** The replica holds these items and no others, and a verification finds nothing. */
export async function assertSound(replica: Replica, wanted: readonly NewItem[]): Promise<void> {
  const { ok, problems, items: found } = await replica.verify();
  assert.deepEqual({ ok, problems, found }, { ok: true, problems: [], found: wanted.length });
  const snapshot = replica.snapshot();
  assert.equal(snapshot.size, wanted.length);
  for (const { hint, payload } of wanted) {
    assert.deepEqual((await replica.get(itemId(hint, payload)))?.payload, payload);
  }
  snapshot.release();
}

/** A witness that outlives the replica, as a file would. */
export class MemoryWitness implements Witness {
  commit = 0;

  async read(): Promise<number> {
    return this.commit;
  }

  write(commit: number): void {
    this.commit = commit;
  }
}
