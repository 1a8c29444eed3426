import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { bytesToKey, lthash, openDatabase } from '../../../../src/store/index.ts';
import { SCHEMA_KEY, setKeys } from '../../../../src/store/replica/records/index.ts';
import { idOf } from '../in-memory.ts';
import { assertSound } from '../on-disk.ts';
import { item, items, openReplica, tapBatches, temporaryDirectory } from '../support.ts';

/** Written by the code of schema 2: 3 of the items in the buffer, and item 7 in quarantine. */
const FIXTURE = new URL('../../../fixtures/schema-2/', import.meta.url);
const HELD = [...items(300), item(1_000), item(5_000), item(9_000)].filter(
  ({ hint }) => hint !== 7n,
);

async function fixture(t: TestContext): Promise<string> {
  const directory = await temporaryDirectory(t);
  await cp(FIXTURE, directory, { recursive: true });
  return directory;
}

describe('a data directory of the second schema', () => {
  it('is migrated when it is opened: each item has a place, of unknown time and source', async (t) => {
    const replica = await openReplica(t, await fixture(t), { scheme: lthash });
    const { incidents, needsRefill, quarantined, rebuilding } = replica.status();
    assert.deepEqual(
      { incidents, needsRefill, quarantined, rebuilding },
      { incidents: [], needsRefill: false, quarantined: 1, rebuilding: null },
    );
    await assertSound(replica, HELD);
    const { entries, last, epoch } = await replica.arrivals(0, { limit: 1_000 });
    assert.deepEqual([last, epoch, entries.length], [302, replica.epoch, 302]);
    const listed = new Set(entries.map(({ id }) => bytesToKey(id)));
    assert.ok(HELD.every((one) => listed.has(bytesToKey(idOf(one)))));
    assert.ok(
      entries.every(({ at, source, bytes }) => at === 0 && source === null && bytes === 20),
    );
    assert.deepEqual(await replica.arrivalOf(entries[100]!.id), { seq: 101, at: 0, source: null });
  });

  it('keeps its places when it is opened again, and gives the next to an item from quarantine', async (t) => {
    const directory = await fixture(t);
    const first = await openReplica(t, directory, { scheme: lthash });
    const { epoch } = first;
    await first.put([item(7)]);
    await first.close();
    const second = await openReplica(t, directory, { scheme: lthash });
    assert.deepEqual([second.epoch, second.lastArrival], [epoch, 303]);
    const { entries } = await second.arrivals(302, { limit: 10 });
    assert.deepEqual(
      entries.map(({ seq, hint }) => [seq, hint]),
      [[303, 7n]],
    );
    await assertSound(second, [...HELD, item(7)]);
  });

  it('continues a migration that was cut off', async (t) => {
    const directory = await fixture(t);
    for (const survives of [0, 1, 1]) {
      const database = await openDatabase(directory);
      let batches = 0;
      tapBatches(database, async (_, write) => {
        if (++batches > survives) throw new Error('the power is gone');
        await write();
      });
      await assert.rejects(
        openReplica(t, directory, { database, scheme: lthash }),
        /the power is gone/,
      );
    }
    const replica = await openReplica(t, directory, { scheme: lthash });
    assert.equal(replica.lastArrival, 302);
    await assertSound(replica, HELD);
  });

  it('is migrated where its schema record is of the fourth, as by another set of the database', async (t) => {
    const directory = await fixture(t);
    const database = await openDatabase(directory);
    await database.put(SCHEMA_KEY, new Uint8Array([0, 0, 0, 4]));
    await database.close();
    const replica = await openReplica(t, directory, { scheme: lthash });
    assert.deepEqual([replica.lastArrival, replica.status().incidents], [302, []]);
  });

  it('is built again where its state is damaged, with all items in the order of arrival', async (t) => {
    const directory = await fixture(t);
    const database = await openDatabase(directory);
    await database.put(setKeys('set').state, new Uint8Array(56));
    await database.close();
    const replica = await openReplica(t, directory, { scheme: lthash });
    await replica.ready();
    assert.equal(replica.lastArrival, 302);
    await assertSound(replica, HELD);
  });
});
