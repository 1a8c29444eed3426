import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Database, itemId, type Replica, type ReplicaInit } from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { within } from '../../support/within.ts';
import { change, flipped, named, TABLES } from '../level/files/support.ts';
import { codes } from './in-memory.ts';
import { open } from './on-disk.ts';
import {
  coded,
  item,
  items,
  openWatched,
  pass,
  temporaryDirectory,
  watchedCare,
} from './support.ts';

const COUNT = 400;

/** A replica like that of a daemon, which looks after its files. */
async function cared(
  t: TestContext,
  dataDir: string,
  init: Partial<ReplicaInit> = {},
): Promise<Replica> {
  const replica = await open(t, join(dataDir, 'db'), { care: watchedCare(dataDir), ...init });
  cleanUp(t, () => replica.close());
  return replica;
}

/** A closed data directory whose items lie in tables; the names of these. */
async function filled(t: TestContext): Promise<{ dataDir: string; tables: string[] }> {
  const dataDir = await temporaryDirectory(t);
  const clock = new VirtualClock();
  const first = await cared(t, dataDir, { clock });
  await first.put(items(COUNT));
  await pass(clock, () => first.status().buffered < 64);
  await first.close();
  // Opening moves the log into a table.
  await (await cared(t, dataDir)).close();
  return { dataDir, tables: named(join(dataDir, 'db'), TABLES) };
}

/** A place among the payloads in a table: their keys come behind those of the other records. */
function payloadsIn(bytes: Buffer): number {
  return Math.floor(bytes.length * 0.75);
}

/** How many of the items are held; each is compared. */
async function held(replica: Replica): Promise<number> {
  let count = 0;
  for (const { hint, payload } of items(COUNT)) {
    const found = await replica.get(itemId(hint, payload));
    if (found === undefined) continue;
    assert.deepEqual(found.payload, payload);
    count++;
  }
  return count;
}

async function assertRefillable(replica: Replica): Promise<void> {
  await replica.ready();
  assert.equal(replica.needsRefill, true);
  assert.equal(await held(replica), replica.size);
  assert.ok(replica.size < COUNT, `${replica.size} items`);
  await replica.put(items(COUNT));
  assert.equal((await replica.verify()).ok, true);
  assert.deepEqual([replica.size, replica.status().quarantined], [COUNT, 0]);
}

describe('a replica that looks after its files', () => {
  const damages: [string, (path: string) => void][] = [
    [
      'a zeroed page',
      (path) =>
        change(path, (bytes) => bytes.fill(0, payloadsIn(bytes), payloadsIn(bytes) + 4_096)),
    ],
    ['a cut table', (path) => change(path, (bytes) => bytes.subarray(0, bytes.length >> 1))],
    ['a missing table', (path) => rmSync(path)],
  ];
  for (const [name, damage] of damages) {
    it(`opens with ${name}, without what lay there, and can be refilled`, async (t) => {
      const { dataDir, tables } = await filled(t);
      damage(join(dataDir, 'db', tables[0]!));
      const replica = await cared(t, dataDir);
      await assertRefillable(replica);
      assert.ok(codes(replica).includes('DATABASE_REPAIRED'), codes(replica).join());
    });
  }

  it('opens without its file CURRENT, with all items', async (t) => {
    const { dataDir } = await filled(t);
    rmSync(join(dataDir, 'db', 'CURRENT'));
    const replica = await cared(t, dataDir);
    await replica.ready();
    assert.deepEqual([await held(replica), replica.needsRefill], [COUNT, true]);
  });

  it('finds a table that was damaged while it was open by scrubbing, and repairs it at once', async (t) => {
    const { dataDir, tables } = await filled(t);
    const clock = new VirtualClock();
    const scrub = { itemsPerSecond: 100 };
    const replica = await open(t, join(dataDir, 'db'), {
      open: () => openWatched(join(dataDir, 'db')),
      care: watchedCare(dataDir),
      clock,
      scrub,
    });
    change(join(dataDir, 'db', tables[0]!), (bytes) => flipped(bytes, payloadsIn(bytes)));
    const repaired = () => codes(replica).includes('INDEX_REBUILT');
    await pass(clock, repaired);
    assert.ok(codes(replica).includes('DATABASE_REPAIRED'));
    await assertRefillable(replica);
  });

  it('repairs tables that were removed while it was open, at the first read', async (t) => {
    const { dataDir, tables } = await filled(t);
    const repaired = Promise.withResolvers<void>();
    const error = ({ incident }: { incident?: unknown }): void => {
      if (incident === 'DATABASE_REPAIRED') repaired.resolve();
    };
    const { hint, payload } = items(COUNT)[COUNT - 1]!;
    const id = itemId(hint, payload);
    let [first, gone] = [true, false];
    const opening = async (): Promise<Database> => {
      const database = await openWatched(join(dataDir, 'db'));
      const getSync = database.getSync.bind(database);
      // A table that is open already stays readable, so the first that is not open is played.
      if (first) {
        database.getSync = ((key: Uint8Array, options: object) => {
          if (gone && Buffer.compare(key.subarray(-32), id) === 0) {
            throw new Error('IO error: /db/000005.ldb: No such file or directory');
          }
          return getSync(key, options as never);
        }) as never;
      }
      first = false;
      return database;
    };
    const replica = await cared(t, dataDir, {
      open: opening,
      logger: { error, warn: () => {} },
    });
    for (const name of tables) rmSync(join(dataDir, 'db', name));
    gone = true;
    await assert.rejects(replica.get(id), coded('STORE_UNAVAILABLE'));
    await within(repaired.promise, 'the repair');
    await replica.ready();
    assert.equal(replica.needsRefill, true);
    assert.equal(await replica.get(id), undefined);
  });

  it('compares the tables with their checksums in a verification', async (t) => {
    const { dataDir, tables } = await filled(t);
    const replica = await cared(t, dataDir);
    assert.equal((await replica.verify()).ok, true);
    change(join(dataDir, 'db', tables[0]!), (bytes) => flipped(bytes, 300));
    const { ok, problems } = await replica.verify();
    assert.equal(ok, false);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['UNREADABLE'],
    );
    assert.match(problems[0]!.message, new RegExp(`^${tables[0]} has`));
  });

  it('says nothing after a clean stop', async (t) => {
    const { dataDir } = await filled(t);
    const replica = await cared(t, dataDir);
    assert.deepEqual([codes(replica), replica.needsRefill], [[], false]);
    assert.equal((await replica.get(itemId(7n, item(7).payload)))?.hint, 7n);
  });
});
