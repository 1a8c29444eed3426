import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { databaseCare } from '../../../../src/daemon/files/index.ts';
import { openDatabase, Replica, StoreError } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { coded } from '../../replica/support.ts';
import { change, flipped, named, onDisk, TABLES } from './support.ts';

/** Opens the database like a daemon, and closes it. */
async function cleanRun(dataDir: string): Promise<void> {
  const care = databaseCare(dataDir);
  assert.equal(await care.inspect(), null);
  await care.opening();
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
    for (let end = 0; end < 4; end++) {
      const care = databaseCare(dataDir);
      assert.equal(await care.inspect(), null);
      await care.opening();
    }
    await assert.rejects(databaseCare(dataDir).inspect(), {
      code: 'STORE_CORRUPT',
      message: /move it away and .* or restore a copy; without the file .*files it is tried again/,
    });
    rmSync(join(dataDir, 'files'));
    assert.equal(await databaseCare(dataDir).inspect(), null, 'without the note it is tried again');
  });

  it('counts no process that ended while it looked at the files', async (t) => {
    const { dataDir, db, files } = await onDisk(t);
    const gone = new Error('gone');
    const ends = async (when: 'list' | 'open' | 'setAside'): Promise<void> => {
      const broken = { ...files, [when]: () => Promise.reject(gone) };
      const care = databaseCare(dataDir, broken);
      await assert.rejects(async () => {
        await care.inspect();
        await care.repair();
      }, gone);
    };
    change(join(db, named(db, TABLES)[0]!), (bytes) => flipped(bytes, 100));
    for (let end = 0; end < 2; end++)
      for (const when of ['list', 'open'] as const) await ends(when);
    for (let end = 0; end < 5; end++) await ends('setAside');
    assert.equal(await databaseCare(dataDir).inspect(), 'its repair was cut off');
  });

  it('counts no process to which LevelDB said why it did not open the database', async (t) => {
    const { dataDir } = await onDisk(t);
    for (let end = 0; end < 5; end++) {
      const care = databaseCare(dataDir);
      const open = () =>
        Promise.reject(new StoreError('STORE_OPEN_FAILED', 'no room is left on this disk'));
      const opening = Replica.open({
        open,
        care,
        clock: new VirtualClock(),
        disk: new FakeDisk(),
      });
      await assert.rejects(opening, coded('STORE_OPEN_FAILED'));
    }
  });

  it('ends its look at the files when it is called off, and has opened or written nothing', async (t) => {
    const { dataDir, files } = await onDisk(t);
    const abort = new AbortController();
    const reason = new Error('SIGTERM');
    let [opened, closed] = [0, 0];
    const care = databaseCare(dataDir, {
      ...files,
      async open(name) {
        const file = await files.open(name);
        if (!TABLES.test(name) || file === null) return file;
        opened++;
        abort.abort(reason);
        const close = async (): Promise<void> => {
          closed++;
          await file.close();
        };
        return { bytes: file.bytes, read: (...at) => file.read(...at), close };
      },
      writeNote: () => assert.fail('a note'),
    });
    await assert.rejects(care.inspect(abort.signal), reason);
    assert.deepEqual([opened, closed], [1, 1]);
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
