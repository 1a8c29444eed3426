import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { databaseCare } from '../../../../src/daemon/files/index.ts';
import { openDatabase } from '../../../../src/store/index.ts';
import { coded } from '../../replica/support.ts';
import { change, flipped, named, onDisk, TABLES } from './support.ts';

/** Opens the database like a daemon, and closes it. */
async function cleanRun(dataDir: string): Promise<void> {
  const care = databaseCare(dataDir);
  assert.equal(await care.inspect(), null);
  const database = await openDatabase(join(dataDir, 'db'));
  await care.opened();
  await database.close();
  await care.closed();
}

describe('care of the files of a database', () => {
  it('reads every table after an unclean end, and says which is damaged', async (t) => {
    const { dataDir, db } = await onDisk(t);
    const [name] = named(db, TABLES);
    change(join(db, name!), (bytes) => flipped(bytes, 100));
    for (let end = 0; end < 2; end++) {
      const damage = await databaseCare(dataDir).inspect();
      assert.match(damage!, new RegExp(`^${name} has 1 damaged blocks of \\d+`));
    }
  });

  it('reads no table again that a clean stop left, unless it has changed', async (t) => {
    const { dataDir, db, files } = await onDisk(t);
    await cleanRun(dataDir);
    const read: string[] = [];
    const care = databaseCare(dataDir, {
      ...files,
      open(name) {
        read.push(name);
        return files.open(name);
      },
    });
    assert.equal(await care.inspect(), null);
    assert.deepEqual(
      read.filter((name) => TABLES.test(name)),
      [],
    );
    await cleanRun(dataDir);
    const last = named(db, TABLES).at(-1)!;
    change(join(db, last), (bytes) => flipped(bytes, 50));
    assert.match((await databaseCare(dataDir).inspect())!, new RegExp(`^${last} has`));
  });

  it('refuses a database after four processes that ended on the way to it', async (t) => {
    const { dataDir } = await onDisk(t);
    for (let end = 0; end < 4; end++) assert.equal(await databaseCare(dataDir).inspect(), null);
    await assert.rejects(databaseCare(dataDir).inspect(), coded('STORE_CORRUPT'));
    rmSync(join(dataDir, 'files'));
    assert.equal(await databaseCare(dataDir).inspect(), null, 'without the note it is tried again');
  });

  it('repairs again what a process did not get to serve', async (t) => {
    const { dataDir } = await onDisk(t);
    const care = databaseCare(dataDir);
    await care.inspect();
    await care.repair();
    await care.opened();
    const next = databaseCare(dataDir);
    assert.equal(await next.inspect(), 'its repair was cut off');
    await next.repair();
    await next.opened();
    await next.served();
    assert.equal(await databaseCare(dataDir).inspect(), null);
  });

  it('neither reads nor repairs a database that is open', async (t) => {
    const { dataDir, db } = await onDisk(t);
    const database = await openDatabase(db);
    const care = databaseCare(dataDir);
    await assert.rejects(care.inspect(), coded('STORE_LOCKED'));
    await assert.rejects(care.repair(), coded('STORE_LOCKED'));
    await assert.rejects(care.closedDamage(), coded('STORE_LOCKED'));
    await database.close();
  });

  it('finds damaged and missing tables of an open database', async (t) => {
    const { dataDir, db } = await onDisk(t);
    const database = await openDatabase(db);
    const care = databaseCare(dataDir);
    assert.equal(await care.damage(), null);
    const [first, second] = named(db, TABLES);
    change(join(db, second!), (bytes) => flipped(bytes, 100));
    assert.match((await care.damage())!, new RegExp(`^${second} has`));
    rmSync(join(db, first!));
    assert.equal(await care.damage(), `${first} is not there`);
    await database.close();
  });
});
