import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database, Item } from '../../../../src/store/index.ts';
import { IdLookup } from '../../../../src/store/replica/read/index.ts';
import { settle } from '../../../support/clock.ts';
import {
  add,
  type Kept,
  numberedItem,
  numberedItems,
  openCommitter,
} from '../committer-support.ts';
import { coded, tapBatches } from '../support.ts';

describe('the lookup of ids', () => {
  it('reads all ids after enough misses, and asks the disk for no other absent id', async (t) => {
    const { lookup, disk, prepare } = await open(t, 20);
    for (const item of numberedItems(0, 10)) assert.ok(lookup.contains(item.id));
    for (const item of numberedItems(100, 2)) assert.equal(lookup.contains(item.id), false);
    await prepare();
    assert.equal(disk.walks, 0, 'two of three lookups were in vain');
    lookup.contains(numberedItem(102).id);
    await prepare();
    await prepare();
    assert.equal(disk.walks, 1, 'the ids are read once');
    const before = disk.reads;
    const absent = numberedItems(200, 50).filter(({ id }) => lookup.contains(id));
    assert.deepEqual(absent, []);
    assert.ok(disk.reads - before < 5, `${disk.reads - before} absent ids asked the disk`);
    assert.ok(numberedItems(0, 20).every(({ id }) => lookup.contains(id)));
  });

  it('finds ids that were added while it read the ids, twice', async (t) => {
    const { lookup, disk, kept, miss, prepare } = await open(t, 20);
    for (const from of [1_000, 2_000]) {
      lookup.reset(false);
      miss(3);
      const [early, during, late] = numberedItems(from, 3) as [Item, Item, Item];
      // Said to be coming before the reading began, and on disk after.
      const earlyAdded = lookup.adding([early]);
      const go = disk.holdWalk();
      const prepared = prepare();
      const duringAdded = lookup.adding([during]);
      await settle();
      await add(kept.committer, [early, during]);
      earlyAdded();
      duringAdded();
      go();
      await prepared;
      await settle();
      const lateAdded = lookup.adding([late]);
      await add(kept.committer, [late]);
      lateAdded();
      assert.ok(lookup.contains(early.id), 'an item that was coming when reading began is held');
      assert.ok(lookup.contains(during.id), 'an item that came while ids were read is held');
      assert.ok(lookup.contains(late.id), 'an item that came when they had been read is held');
    }
  });

  it('answers no question until the ids have been read', async (t) => {
    const { lookup, disk, miss, prepare } = await open(t, 20);
    miss(3);
    const go = disk.holdWalk();
    const prepared = prepare();
    await settle();
    assert.ok(lookup.contains(numberedItem(7).id), 'the disk is asked meanwhile');
    assert.equal(lookup.absence()(numberedItem(500).id), false, 'nothing is surely absent');
    go();
    await prepared;
    await settle();
    const isAbsent = lookup.absence();
    assert.equal(isAbsent(numberedItem(500).id), true);
    assert.equal(isAbsent(numberedItem(7).id), false);
    lookup.reset(false);
    assert.equal(isAbsent(numberedItem(500).id), true, 'it goes on knowing what it knew');
    assert.equal(lookup.absence()(numberedItem(500).id), false);
  });

  it('drops its ids when it is cleared, and reads again', async (t) => {
    const { lookup, disk, miss, prepare } = await open(t, 20);
    miss(3);
    const go = disk.holdWalk();
    const prepared = prepare();
    await settle();
    lookup.reset(false);
    await prepare();
    assert.equal(disk.walks, 1, 'lookups before count no more');
    go();
    await prepared;
    await settle();
    assert.equal(lookup.absence()(numberedItem(500).id), false, 'what was dropped says nothing');
    miss(3);
    await prepare();
    await settle();
    assert.equal(disk.walks, 2);
    assert.equal(lookup.absence()(numberedItem(500).id), true);
  });

  it('ignores the end of a dropped reading in the next one', async (t) => {
    for (const fails of [false, true]) {
      const { lookup, disk, miss, prepare } = await open(t, 20);
      const begin = async (): Promise<() => void> => {
        miss(3);
        const go = disk.holdWalk();
        await prepare();
        return go;
      };
      if (fails) disk.failWalk();
      const first = await begin();
      lookup.reset(false);
      if (fails) disk.failWalk();
      const second = await begin();
      lookup.reset(false);
      const third = await begin();
      first();
      await settle();
      assert.equal(lookup.absence()(numberedItem(500).id), false, 'the ids are still being read');
      assert.ok(lookup.contains(numberedItem(7).id));
      third();
      await settle();
      assert.equal(lookup.absence()(numberedItem(500).id), true);
      second();
      await settle();
      assert.equal(lookup.absence()(numberedItem(500).id), true, 'what is known stays known');
    }
  });

  it('reads again after each failed reading', async (t) => {
    const { lookup, disk, miss, prepare } = await open(t, 20);
    for (const walks of [1, 2]) {
      miss(3);
      disk.failWalk();
      await prepare();
      await settle();
      assert.equal(disk.walks, walks);
      await prepare();
      assert.equal(disk.walks, walks, 'it is worth it after so many more');
      assert.ok(lookup.contains(numberedItem(3).id));
    }
    miss(3);
    await prepare();
    await settle();
    assert.equal(lookup.absence()(numberedItem(500).id), true);
  });

  it('needs no reading where the set is empty', async (t) => {
    const { lookup, disk, kept, miss, prepare } = await open(t, 0);
    lookup.reset(true);
    assert.equal(lookup.absence()(numberedItem(1).id), true);
    miss(10);
    await prepare();
    assert.deepEqual([disk.walks, disk.reads], [0, 0]);
    const added = lookup.adding([numberedItem(1)]);
    await add(kept.committer, [numberedItem(1)]);
    added();
    assert.ok(lookup.contains(numberedItem(1).id));
    assert.notEqual(lookup.record(numberedItem(1).id), undefined);
  });

  it('throws STORE_UNAVAILABLE while there is no database, whatever it knows', async (t) => {
    const opening = Promise.withResolvers<Database>();
    const { lookup, kept } = await open(t, 0, () => opening.promise);
    lookup.reset(true);
    assert.equal(lookup.contains(numberedItem(1).id), false);
    tapBatches(kept.database, () => Promise.reject(new Error('IO error: it burns')));
    const failed = assert.rejects(add(kept.committer, [numberedItem(1)]));
    await settle();
    assert.throws(() => lookup.contains(numberedItem(1).id), coded('STORE_UNAVAILABLE'));
    opening.reject(new Error('gone'));
    await failed;
  });

  it('asks the index where an id record cannot be read', async (t) => {
    const { lookup, kept } = await open(t, 3);
    assert.equal(lookup.holds({ ...numberedItem(1), hint: 9n }), true, 'the id record says enough');
    const corrupt = Object.assign(new Error('Corruption: block checksum mismatch'), {
      code: 'LEVEL_CORRUPTION',
    });
    kept.database.getSync = () => {
      throw corrupt;
    };
    assert.equal(lookup.holds(numberedItem(1)), true);
    assert.equal(lookup.holds(numberedItem(9)), false);
    assert.equal(lookup.contains(numberedItem(1).id), false, 'by its id alone it counts as absent');
  });
});

/** How the database is asked. */
class Watched {
  walks = 0;
  reads = 0;
  #gate: Promise<void> | null = null;
  #fails = false;

  constructor(database: Database) {
    const iterator = database.iterator.bind(database) as (options: object) => Walk;
    const watched = (options: object): Walk => {
      this.walks++;
      const walk = iterator(options);
      const nextv = walk.nextv.bind(walk);
      const [gate, fails] = [this.#gate, this.#fails];
      [this.#gate, this.#fails] = [null, false];
      walk.nextv = async (count) => {
        const records = await nextv(count);
        if (records.length > 0) return records;
        await gate;
        if (fails) throw new Error('gone');
        return records;
      };
      return walk;
    };
    database.iterator = watched as unknown as Database['iterator'];
    const get = database.getSync.bind(database) as (...args: unknown[]) => unknown;
    database.getSync = ((...args: unknown[]) => {
      this.reads++;
      return get(...args);
    }) as Database['getSync'];
  }

  /** Has the next walk over records wait at its end, having read what was there when it began. */
  holdWalk(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  failWalk(): void {
    this.#fails = true;
  }
}

interface Walk {
  nextv(count: number): Promise<unknown[]>;
}

interface Opened {
  readonly kept: Kept;
  readonly lookup: IdLookup;
  readonly disk: Watched;
  /** Looks so many ids up in vain. */
  miss(count: number): void;
  prepare(): Promise<void>;
}

/** A lookup over a set of so many items, that reads ids after three misses. */
async function open(
  t: TestContext,
  count: number,
  reopen?: () => Promise<Database>,
): Promise<Opened> {
  const kept = await openCommitter(t, reopen === undefined ? {} : { reopen });
  if (count > 0) await add(kept.committer, numberedItems(0, count));
  const lookup = new IdLookup({ keys: kept.keys, lifecycle: kept.committer.lifecycle, misses: 3 });
  const disk = new Watched(kept.database);
  let next = 10_000;
  return {
    kept,
    lookup,
    disk,
    miss(misses) {
      for (const { id } of numberedItems(next, misses)) lookup.contains(id);
      next += misses;
    },
    async prepare() {
      lookup.prepare();
      await settle();
    },
  };
}
