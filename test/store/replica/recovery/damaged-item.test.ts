import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type ItemKey, itemId, openDatabase } from '../../../../src/store/index.ts';
import { encodeHead, setKeys } from '../../../../src/store/replica/records/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { codes, flip } from '../in-memory.ts';
import { assertSound, firstKey, open, tamper } from '../on-disk.ts';
import { coded, item, items, pass, temporaryDirectory } from '../support.ts';

/** A set of 40 items, of which number 7 is damaged. */
async function withDamagedItem(t: TestContext): Promise<string> {
  const directory = await temporaryDirectory(t);
  const first = await open(t, directory);
  await first.put(items(40));
  await first.close();
  await tamper(directory, async (database) => flip(database, await firstKey(database, 'set/p', 7)));
  return directory;
}

describe('a damaged item', () => {
  it('counts as not held when a peer asks for it, and goes to quarantine', async (t) => {
    const directory = await withDamagedItem(t);
    const replica = await open(t, directory);
    const ids = [6, 7, 8].map((n) => itemId(BigInt(n), item(n).payload));
    const limits = { maxItemBytes: 1_000, maxBytes: 1_000 };
    const served = await replica.serve(ids, limits);
    assert.deepEqual(
      served.map((one) => one !== undefined),
      [true, false],
    );
    assert.equal(replica.status().quarantined, 1);
    assert.equal((await replica.serve(ids.slice(2), limits))[0] === undefined, false);
  });

  it('is reported with its real length, whatever its id record says', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put([{ hint: 1n, payload: new Uint8Array(300) }, item(2)]);
    await first.close();
    const long = itemId(1n, new Uint8Array(300));
    await tamper(directory, (database) =>
      database.put(setKeys('set').id(long), encodeHead({ hint: 1n, bytes: 10 })),
    );
    const replica = await open(t, directory);
    const limits = { maxItemBytes: 100, maxBytes: 1_000 };
    assert.deepEqual(await replica.serve([long], limits), [{ length: 300 }]);
  });

  it('does not fail other items when the quarantine cannot be written', async (t) => {
    const directory = await withDamagedItem(t);
    const database = await openDatabase(directory);
    const replica = await open(t, directory, { database });
    const batch = database.batch.bind(database);
    database.batch = (() => {
      const made = batch();
      made.write = () => Promise.reject(new Error('no space left'));
      return made;
    }) as never;
    const ids = [6, 7, 8].map((n) => itemId(BigInt(n), item(n).payload));
    const served = await replica.serve(ids, { maxItemBytes: 1_000, maxBytes: 1_000 });
    assert.deepEqual(
      served.map((one) => one !== undefined),
      [true, false],
    );
  });

  it('leaves the set for the quarantine when it is read, and can be put again', async (t) => {
    const directory = await withDamagedItem(t);
    const replica = await open(t, directory);
    const damaged: ItemKey[] = [];
    replica.onDamaged((key) => damaged.push(key));
    const id = itemId(7n, item(7).payload);
    assert.equal((await replica.verify()).problems[0]?.code, 'ITEM_DAMAGED');
    await assert.rejects(replica.get(id), coded('STORE_CORRUPT'));
    assert.deepEqual(damaged, [{ hint: 7n, id }]);
    assert.equal(replica.contains(id), false);
    assert.equal(await replica.get(id), undefined);
    assert.equal(replica.status().quarantined, 1);
    await assertSound(
      replica,
      items(40).filter(({ hint }) => hint !== 7n),
    );
    await replica.close();
    const again = await open(t, directory);
    assert.equal(again.status().quarantined, 1);
    assert.equal((await again.put([item(7)]))[0]?.created, true);
    assert.equal(again.status().quarantined, 0);
    await assertSound(again, items(40));
  });

  it('is found by the scrubber, in the tree and in the buffer', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(200));
    await first.put([item(1_000), item(1_001)]);
    await first.close();
    await tamper(directory, async (database) => {
      await flip(database, await firstKey(database, 'set/p', 150));
      await flip(database, await firstKey(database, 'set/p', 201));
      await database.del(await firstKey(database, 'set/p', 10));
    });
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 50 } });
    const damaged: bigint[] = [];
    replica.onDamaged(({ hint }) => damaged.push(hint));
    await pass(clock, () => replica.status().scrub.passes > 0);
    assert.deepEqual(damaged, [10n, 150n, 1_001n]);
    assert.ok(replica.status().scrub.checked >= 200);
    assert.equal(replica.status().quarantined, 3);
    assert.deepEqual(codes(replica), Array(3).fill('ITEM_DAMAGED'));
    assert.equal((await replica.verify()).ok, true);
    await replica.put([item(10), item(150), item(1_001)]);
    await assertSound(replica, [...items(200), item(1_000), item(1_001)]);
  });

  it('stops the scrubber when too many are found', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(100));
    await first.close();
    await tamper(directory, async (database) => {
      for (let i = 0; i < 20; i++) await flip(database, await firstKey(database, 'set/p', 2 * i));
    });
    const clock = new VirtualClock();
    const scrub = { itemsPerSecond: 1_000, maxDamagedPerHour: 5 };
    const replica = await open(t, directory, { clock, scrub });
    await pass(clock, () => !replica.status().scrub.running);
    for (let i = 0; i < 50; i++) await clock.advance(100);
    assert.equal(codes(replica).at(-1), 'SCRUB_STOPPED');
    assert.equal(replica.status().quarantined, 5);
  });

  it('is not suspected when the index is damaged', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(300));
    await first.close();
    await tamper(directory, async (database) =>
      flip(database, await firstKey(database, 'set/n', 9)),
    );
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 1_000 } });
    await pass(clock, () => codes(replica).includes('INDEX_REBUILT'));
    assert.equal(replica.status().quarantined, 0);
    await assertSound(replica, items(300));
  });
});
