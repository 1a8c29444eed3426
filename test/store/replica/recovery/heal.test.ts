import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Database, itemId, openDatabase } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { codes, flip } from '../in-memory.ts';
import { assertSound, firstKey, open, tamper } from '../on-disk.ts';
import { coded, item, items, pass, tapBatches, temporaryDirectory } from '../support.ts';

const text = new TextEncoder();

/** A buffer that is merged at once, so that the set's fingerprint is that of the root. */
const DENSE = { bufferItems: 2, leafItems: 4, fanout: 4 };

describe('the index', () => {
  it('is rebuilt after a commit that LevelDB lost while later ones survived', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(100));
    await first.close();
    const database = await openDatabase(directory);
    let batches = 0;
    tapBatches(database, async (_, write) => {
      if (++batches !== 3) await write();
    });
    const losing = await open(t, directory, { database });
    for (let i = 200; i < 206; i++) await losing.put([item(i)]);
    await losing.close();
    const replica = await open(t, directory);
    assert.equal(replica.status().refusing?.code, 'STORE_REBUILDING');
    assert.deepEqual(await replica.head(itemId(7n, item(7).payload)), { hint: 7n, bytes: 20 });
    assert.throws(() => replica.snapshot(), coded('STORE_REBUILDING'));
    await assert.rejects(replica.put([item(300)]), coded('STORE_REBUILDING'));
    await replica.ready();
    assert.deepEqual(codes(replica), ['COMMITS_LOST', 'INDEX_REBUILT']);
    assert.match(replica.status().incidents[0]!.message, /commit \d is missing/);
    assert.ok(replica.status().needsRefill);
    const kept = [...items(100), ...[200, 201, 203, 204, 205].map((n) => item(n))];
    await assertSound(replica, kept);
    assert.equal((await replica.put([item(202)]))[0]?.created, true);
    await replica.markRefilled();
    await replica.close();
    const again = await open(t, directory);
    assert.deepEqual(codes(again), []);
    assert.equal(again.status().needsRefill, false);
    await assertSound(again, [...kept, item(202)]);
  });

  /** By what the damage is found: `open` has the index built again before the set is in use. */
  type FoundBy = 'open' | 'verify';
  const damages: [string, FoundBy, (database: Database) => Promise<void>][] = [
    ['a missing node', 'verify', async (db) => db.del(await firstKey(db, 'set/n', 5))],
    ['a missing summary', 'verify', async (db) => db.del(await firstKey(db, 'set/s', 5))],
    ['a damaged node', 'verify', async (db) => flip(db, await firstKey(db, 'set/n', 7))],
    ['a missing meta', 'open', async (db) => db.del(text.encode('set/m'))],
    ['a damaged state', 'open', async (db) => flip(db, text.encode('set/c'))],
    ['a missing state', 'open', async (db) => db.del(text.encode('set/c'))],
    ['a missing log record', 'open', async (db) => db.del(await firstKey(db, 'set/l', 1))],
    ['a damaged log record', 'open', async (db) => flip(db, await firstKey(db, 'set/l', 0))],
  ];
  for (const [name, foundBy, damage] of damages) {
    it(`is rebuilt after ${name}`, async (t) => {
      const directory = await temporaryDirectory(t);
      const first = await open(t, directory);
      await first.put(items(150));
      for (let i = 0; i < 5; i++) await first.put([item(1_000 + i)]);
      await first.close();
      const wanted = [...items(150), ...Array.from({ length: 5 }, (_, i) => item(1_000 + i))];
      await tamper(directory, damage);
      const clock = new VirtualClock();
      const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 1_000 } });
      await replica.ready();
      const { ok, problems } = await replica.verify();
      assert.equal(ok, foundBy === 'open', `the damage is to be found by ${foundBy}`);
      if (!ok) {
        assert.ok(problems.length > 0);
        await pass(clock, () => codes(replica).includes('INDEX_REBUILT'));
      }
      assert.ok(codes(replica).includes('INDEX_REBUILT'), name);
      assert.equal(replica.status().quarantined, 0);
      await assertSound(replica, wanted);
      const more = Array.from({ length: 50 }, (_, i) => item(5_000 + i));
      await replica.put(more);
      await assertSound(replica, [...wanted, ...more]);
    });
  }

  it('is rebuilt from the beginning when the rebuild is cut off', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(400));
    await first.close();
    await tamper(directory, async (database) => flip(database, text.encode('set/c')));
    const database = await openDatabase(directory);
    let batches = 0;
    tapBatches(database, async (_, write) => {
      if (++batches > 1) throw new Error('the power is gone');
      await write();
    });
    const cut = await open(t, directory, { database });
    await cut.close();
    const replica = await open(t, directory);
    await replica.ready();
    assert.deepEqual(codes(replica), ['REBUILD_INTERRUPTED', 'INDEX_REBUILT']);
    await assertSound(replica, items(400));
  });
});

describe('the schema record', () => {
  it('is written again when it was lost with the beginning of the first log, and the loss is reported', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    const large = Array.from({ length: 80 }, (_, i) => item(i, 1_000));
    for (const one of large) await first.put([one]);
    await first.close();
    const log = readdirSync(directory).find((name) => name.endsWith('.log'))!;
    const bytes = readFileSync(join(directory, log));
    bytes[20]! ^= 1;
    writeFileSync(join(directory, log), bytes);
    const replica = await open(t, directory);
    await replica.ready();
    const { items: held, needsRefill } = replica.status();
    assert.ok(held > 10 && held < 80, `${held} of 80`);
    assert.equal(needsRefill, true);
    assert.ok(codes(replica).includes('INDEX_REBUILT'));
    await replica.put(large);
    await assertSound(replica, large);
    await replica.close();
    assert.deepEqual(codes(await open(t, directory)), []);
  });

  it('is written again where everything else is whole', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(40));
    await first.close();
    await tamper(directory, (database) => database.del(text.encode('meta/schema')));
    const replica = await open(t, directory);
    await replica.ready();
    assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'INDEX_REBUILT']);
    await assertSound(replica, items(40));
  });
});

describe('the status', () => {
  it('has no fingerprint while the summary of the root cannot be read', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory, { index: DENSE });
    await first.put(items(150));
    await first.close();
    await tamper(directory, async (database) => flip(database, await rootSummary(database)));
    const replica = await open(t, directory, { index: DENSE });
    const { fingerprint, items: count } = replica.status();
    assert.deepEqual([fingerprint, count], [null, 150]);
    await replica.ready();
    assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'INDEX_REBUILT']);
    assert.notEqual(replica.status().fingerprint, null);
  });
});

/** The key of the root's summary: the root is the last node that was made. */
async function rootSummary(database: Database): Promise<Uint8Array> {
  const range = { gte: text.encode('set/s'), lt: text.encode('set/t') };
  const [key] = await database.keys({ ...range, reverse: true, limit: 1 }).all();
  return key!;
}
