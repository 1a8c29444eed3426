import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { type Database, lthash, openDatabase } from '../../../../src/store/index.ts';
import { SCHEMA_KEY, setKeys } from '../../../../src/store/replica/records/index.ts';
import { openReplica, tapBatches, temporaryDirectory } from '../support.ts';

/** Written by a daemon of schema 3, of 202 items. */
const FIXTURE = new URL('../../../fixtures/data-directory-3/db/', import.meta.url);
const { state: STATE } = setKeys('set');

async function fixture(t: TestContext): Promise<string> {
  const directory = await temporaryDirectory(t);
  await cp(FIXTURE, directory, { recursive: true });
  return directory;
}

async function assertMigrated(t: TestContext, directory: string, epoch: string): Promise<void> {
  const replica = await openReplica(t, directory, { scheme: lthash });
  const { incidents, needsRefill, rebuilding } = replica.status();
  assert.deepEqual([incidents, needsRefill, rebuilding], [[], false, null]);
  assert.deepEqual([replica.size, replica.lastArrival, replica.epoch], [202, 202, epoch]);
  assert.equal((await replica.verify()).ok, true);
  await replica.close();
}

/** The epoch in a state of any schema since the third. */
async function epochOf(database: Database): Promise<string> {
  const record = new Uint8Array((await database.get(STATE))!);
  return new DataView(record.buffer).getBigUint64(56, true).toString(16).padStart(16, '0');
}

async function shapeOf(directory: string) {
  const database = await openDatabase(directory);
  const [schema, state] = [await database.get(SCHEMA_KEY), await database.get(STATE)];
  const shape = { schema: schema![3], bytes: state!.length, epoch: await epochOf(database) };
  await database.close();
  return shape;
}

describe('a data directory of the third schema', () => {
  it('is migrated when it is opened, once, and keeps its order of arrival', async (t) => {
    const directory = await fixture(t);
    const { epoch, ...before } = await shapeOf(directory);
    assert.deepEqual(before, { schema: 3, bytes: 80 });
    for (let round = 0; round < 2; round++) {
      await assertMigrated(t, directory, epoch);
      assert.deepEqual(await shapeOf(directory), { schema: 4, bytes: 104, epoch });
    }
  });

  it('is as before where the migration was cut off', async (t) => {
    const directory = await fixture(t);
    const { epoch } = await shapeOf(directory);
    const database = await openDatabase(directory);
    tapBatches(database, async () => {
      throw new Error('the power is gone');
    });
    const opened = openReplica(t, directory, { database, scheme: lthash });
    await assert.rejects(opened, /the power is gone/);
    assert.equal((await shapeOf(directory)).bytes, 80);
    await assertMigrated(t, directory, epoch);
  });

  it('is migrated where its schema record is of the fourth, as by another set of the database', async (t) => {
    const directory = await fixture(t);
    const { epoch } = await shapeOf(directory);
    const database = await openDatabase(directory);
    await database.put(SCHEMA_KEY, new Uint8Array([0, 0, 0, 4]));
    await database.close();
    await assertMigrated(t, directory, epoch);
  });
});
