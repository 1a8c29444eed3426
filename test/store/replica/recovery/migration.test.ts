import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Database,
  type Item,
  itemId,
  type NewItem,
  openDatabase,
} from '../../../../src/store/index.ts';
import { items, openReplica, tapBatches, temporaryDirectory } from '../support.ts';

const text = new TextEncoder();

/** Writes a database as the first release did: docs/storage-format.md, "The first schema". */
async function writeFirstSchema(directory: string, given: readonly NewItem[]): Promise<Item[]> {
  const database = await openDatabase(directory);
  await database.put(text.encode('meta/schema'), new Uint8Array([0, 0, 0, 1]));
  const written = given.map((item) => ({ ...item, id: itemId(item.hint, item.payload) }));
  let bytes = 0;
  for (const { hint, id, payload } of written) {
    bytes += payload.length;
    await database.put(join(text.encode('item/'), u64(hint), id), payload);
    await database.put(join(text.encode('id/'), id), join(u64(hint), u64(BigInt(payload.length))));
  }
  if (written.length > 0) {
    const totals = join(u64(BigInt(written.length)), u64(BigInt(bytes)));
    await database.put(text.encode('meta/totals'), totals);
  }
  await database.close();
  return written;
}

describe('a data directory of the first schema', () => {
  it('is migrated when it is opened, and keeps its items', async (t) => {
    const directory = await temporaryDirectory(t);
    const written = await writeFirstSchema(directory, items(2_500));
    const replica = await openReplica(t, directory);
    await replica.ready();
    const { items: count, bytes, needsRefill, incidents } = replica.status();
    assert.deepEqual({ count, bytes, needsRefill, incidents }, expected(written));
    for (const item of written.slice(0, 100)) assert.deepEqual(await replica.get(item.id), item);
    assert.equal((await replica.verify()).ok, true);
    await replica.close();
    const database = await openDatabase(directory);
    assert.deepEqual(await prefixes(database), [
      'meta/',
      'set/a',
      'set/c',
      'set/i',
      'set/m',
      'set/n',
      'set/p',
      'set/s',
    ]);
    await database.close();
  });

  it('may be empty', async (t) => {
    const directory = await temporaryDirectory(t);
    await writeFirstSchema(directory, []);
    const replica = await openReplica(t, directory);
    assert.equal((await replica.put(items(1)))[0]?.created, true);
    assert.equal((await replica.verify()).ok, true);
  });

  it('continues a migration that was cut off', async (t) => {
    const directory = await temporaryDirectory(t);
    const written = await writeFirstSchema(directory, items(2_500));
    for (const survives of [2, 1, 2]) {
      const database = await openDatabase(directory);
      let batches = 0;
      tapBatches(database, async (_, write) => {
        if (++batches > survives) throw new Error('the power is gone');
        await write();
      });
      await assert.rejects(openReplica(t, directory, { database }), /the power is gone/);
    }
    const replica = await openReplica(t, directory);
    await replica.ready();
    const { items: count, bytes, needsRefill } = replica.status();
    assert.deepEqual({ count, bytes, needsRefill, incidents: [] }, expected(written));
    assert.equal((await replica.verify()).ok, true);
  });
});

function expected(written: readonly Item[]) {
  const bytes = written.reduce((sum, { payload }) => sum + payload.length, 0);
  return { count: written.length, bytes, needsRefill: false, incidents: [] };
}

async function prefixes(database: Database): Promise<string[]> {
  const keys = await database.keys().all();
  return [...new Set(keys.map((key) => new TextDecoder().decode(key.subarray(0, 5))))];
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}
