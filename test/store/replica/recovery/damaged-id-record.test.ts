import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatBytes, type Database, itemId } from '../../../../src/store/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { codes, flip } from '../in-memory.ts';
import { assertSound, firstKey, open, tamper } from '../on-disk.ts';
import { coded, item, items, pass, temporaryDirectory } from '../support.ts';

const text = new TextEncoder();

describe('a damaged id record', () => {
  const damages: [string, (database: Database, key: Uint8Array) => Promise<void>][] = [
    ['with a wrong length of the payload', (database, key) => flip(database, key, 12)],
    ['with a wrong hint', (database, key) => flip(database, key, 6)],
  ];
  for (const [name, damage] of damages) {
    it(`${name} is written again by the scrubber`, async (t) => {
      const directory = await temporaryDirectory(t);
      const first = await open(t, directory);
      await first.put(items(150));
      await first.close();
      await tamper(directory, async (db) => damage(db, await firstKey(db, 'set/i', 3)));
      const clock = new VirtualClock();
      const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 1_000 } });
      await pass(clock, () => replica.status().scrub.passes > 0);
      assert.deepEqual(codes(replica), ['RECORD_MENDED']);
      await assertSound(replica, items(150));
    });
  }

  it('under another id leads to a rebuild of the index', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(150));
    await first.close();
    await tamper(directory, async (database) => {
      const key = await firstKey(database, 'set/i', 3);
      const value = (await database.get(key))!;
      await database.del(key);
      key[20]! ^= 1;
      await database.put(key, value);
    });
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 1_000 } });
    await pass(clock, () => replica.status().scrub.passes > 0);
    await replica.ready();
    assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'INDEX_REBUILT']);
    await assertSound(replica, items(150));
  });

  it('with a wrong hint leads to a rebuild of the index when a caller asks for the item', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(40));
    await first.close();
    const id = itemId(7n, item(7).payload);
    await tamper(directory, (db) => flip(db, concatBytes(text.encode('set/i'), id), 6));
    const replica = await open(t, directory);
    await assert.rejects(replica.get(id), coded('STORE_REBUILDING'));
    await replica.ready();
    assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'INDEX_REBUILT']);
    await assertSound(replica, items(40));
  });

  it('leaves the set together with an item that is damaged too', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(150));
    await first.close();
    const id = itemId(7n, item(7).payload);
    await tamper(directory, async (db) => {
      await flip(db, concatBytes(text.encode('set/i'), id), 6);
      await flip(db, await firstKey(db, 'set/p', 7));
    });
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 1_000 } });
    await pass(clock, () => replica.status().scrub.passes > 0);
    assert.deepEqual(codes(replica), ['ITEM_DAMAGED']);
    assert.equal(replica.contains(id), false);
    await assertSound(
      replica,
      items(150).filter(({ hint }) => hint !== 7n),
    );
  });
});
