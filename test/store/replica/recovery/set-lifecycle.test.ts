import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import {
  type Database,
  type ItemKey,
  itemId,
  openDatabase,
  Replica,
  type ReplicaInit,
} from '../../../../src/store/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { assertProperty } from '../../../support/property.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import {
  coded,
  item,
  items,
  openWatched,
  tapBatches,
  temporaryDirectory,
  tick,
} from '../support.ts';

/** What becomes of a batch on its way to the database. */
type Fate = 'written' | 'lost' | 'written and failed';

/** A replica whose batches meet the fates in `fates`, one after the other; later ones are written. */
class Faulty {
  readonly clock: VirtualClock = new VirtualClock();
  readonly disk: FakeDisk = new FakeDisk();
  readonly directory: string;
  fates: Fate[] = [];
  error: Error = new Error('IO error: it burns');
  /** Times the database cannot be opened. */
  openFailures = 0;
  opened = 0;
  /** Called while a batch is on its way. */
  during: () => void = () => undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  async open(t: TestContext, init: Partial<ReplicaInit> = {}): Promise<Replica> {
    const replica = await Replica.open({
      open: () => this.#openDatabase(),
      clock: this.clock,
      disk: this.disk,
      scheme: wideSum,
      ...init,
    });
    cleanUp(t, () => replica.close());
    return replica;
  }

  async #openDatabase(): Promise<Database> {
    if (this.openFailures > 0) {
      this.openFailures--;
      throw this.error;
    }
    this.opened++;
    const database = await openWatched(this.directory);
    tapBatches(database, async (_, write) => {
      const fate = this.fates.shift() ?? 'written';
      this.during();
      if (fate !== 'lost') await write();
      if (fate !== 'written') throw this.error;
    });
    return database;
  }
}

async function faulty(t: TestContext): Promise<Faulty> {
  return new Faulty(await temporaryDirectory(t));
}

async function assertSound(replica: Replica, count: number): Promise<void> {
  const { ok, problems, items: found } = await replica.verify();
  assert.deepEqual({ ok, problems, found }, { ok: true, problems: [], found: count });
  assert.equal(replica.snapshot().size, count);
}

describe('after a failed write, the replica', () => {
  it('confirms a commit that is on disk', async (t) => {
    const store = await faulty(t);
    const replica = await store.open(t);
    const heard: ItemKey[] = [];
    replica.onCommit((added) => heard.push(...added));
    store.fates = ['written and failed'];
    assert.equal((await replica.put([item(1)]))[0]?.created, true);
    assert.equal(store.opened, 2);
    assert.deepEqual(
      heard.map(({ hint }) => hint),
      [1n],
    );
    assert.equal(replica.status().refusing, null);
    assert.deepEqual(
      replica.status().incidents.map(({ code }) => code),
      ['WRITE_FAILED'],
    );
    await assertSound(replica, 1);
  });

  it('refuses a commit that is not on disk, and shows none of it', async (t) => {
    const store = await faulty(t);
    const replica = await store.open(t);
    await replica.put([item(0)]);
    store.fates = ['lost'];
    const puts = [replica.put([item(1)]), replica.put([item(1), item(2)])];
    for (const put of puts) await assert.rejects(put, coded('STORE_WRITE_FAILED'));
    assert.equal(replica.contains(itemId(1n, item(1).payload)), false);
    assert.equal(replica.status().refusing, null);
    assert.equal((await replica.put([item(1)]))[0]?.created, true);
    await assertSound(replica, 2);
  });

  it('refuses or stores each queued put, and tells each caller the truth', async (t) => {
    const directory = await temporaryDirectory(t);
    const fates = fc.array(fc.constantFrom<Fate>('written', 'lost', 'written and failed'), {
      maxLength: 6,
    });
    let base = 0;
    const store = new Faulty(directory);
    const replica = await store.open(t, {
      limits: { maxBatchItems: 300 },
      index: { bufferItems: 40, leafItems: 4, fanout: 4, cacheBytes: 10_000 } as never,
    });
    const held = new Set<number>();
    await assertProperty(
      fc.asyncProperty(fates, fc.boolean(), async (drawn, large) => {
        store.fates = [...drawn];
        const size = large ? 300 : 3;
        const calls = Array.from({ length: 5 }, (_, i) =>
          Array.from({ length: size }, (__, j) => base + i * size + j),
        );
        base += 5 * size;
        const pending = calls.map((numbers) => replica.put(numbers.map((n) => item(n))));
        const results = await settledUnder(store.clock, pending);
        store.fates = [];
        await settledUnder(store.clock, [replica.ready()]);
        for (const [i, result] of results.entries()) {
          const there = calls[i]!.map((n) => replica.contains(itemId(BigInt(n), item(n).payload)));
          const expected = result.status === 'fulfilled';
          assert.deepEqual(there, Array(size).fill(expected), `call ${i} of ${drawn}`);
          if (expected) for (const n of calls[i]!) held.add(n);
        }
        assert.equal(replica.status().items, held.size);
      }),
      { numRuns: 15 },
    );
    await assertSound(replica, held.size);
  });

  it('refuses with DISK_FULL until there is room, serves reads, then goes on by itself', async (t) => {
    const store = await faulty(t);
    const replica = await store.open(t);
    await replica.put(items(5));
    store.error = new Error('IO error: /db/000003.log: No space left on device');
    store.disk.free = 1_000;
    store.fates = ['lost'];
    await assert.rejects(replica.put([item(9)]), coded('DISK_FULL'));
    assert.equal(replica.status().refusing?.code, 'DISK_FULL');
    await store.clock.advance(10_000);
    assert.equal(store.opened, 1, 'the database stays open for reading');
    assert.match(
      replica.status().refusing!.message,
      /1000 bytes are free, and \d+ are needed to open the database again/,
    );
    assert.deepEqual((await replica.get(itemId(3n, item(3).payload)))?.payload, item(3).payload);
    assert.equal(replica.snapshot().size, 5);
    await assert.rejects(replica.put([item(10)]), coded('DISK_FULL'));
    assert.equal((await replica.put([item(3)]))[0]?.created, false, 'what is held is answered');
    store.disk.free = 2 ** 40;
    await settledUnder(store.clock, [], 120_000);
    assert.equal(replica.status().refusing, null);
    assert.equal((await replica.put([item(9)]))[0]?.created, true);
    await assertSound(replica, 6);
  });

  it('reports later whether a commit of unknown outcome is on disk', async (t) => {
    const store = await faulty(t);
    const replica = await store.open(t);
    const heard: bigint[] = [];
    replica.onCommit((added) => heard.push(...added.map(({ hint }) => hint)));
    store.fates = ['written and failed'];
    store.openFailures = 3;
    await assert.rejects(replica.put([item(1)]), (error: Error) => /not known/.test(error.message));
    assert.throws(() => replica.contains(new Uint8Array(32)), coded('STORE_UNAVAILABLE'));
    assert.throws(() => replica.snapshot(), coded('STORE_WRITE_FAILED'));
    assert.equal(replica.status().fingerprint, null);
    await settledUnder(store.clock, [], 30_000);
    assert.deepEqual(heard, [1n]);
    assert.equal((await replica.put([item(1)]))[0]?.created, false);
    await assertSound(replica, 1);
  });

  it('begins no rebuild beside an attempt to open the database again', async (t) => {
    const store = await faulty(t);
    const replica = await store.open(t, { index: { bufferItems: 2, leafItems: 4, fanout: 4 } });
    await replica.put(items(60));
    await settledUnder(store.clock, [replica.ready()]);
    await replica.close();
    const database = await openDatabase(store.directory);
    const range = { gte: new TextEncoder().encode('set/n'), limit: 1 };
    const [leaf] = await database.keys(range).all();
    await database.del(leaf!);
    await database.close();
    const again = await store.open(t, { index: { bufferItems: 2, leafItems: 4, fanout: 4 } });
    store.error = new Error('IO error: /db/000003.log: No space left on device');
    store.disk.free = 1_000;
    store.fates = ['lost'];
    const snapshot = again.snapshot();
    store.during = () => {
      store.during = () => undefined;
      assert.throws(() => [...snapshot.keys(0, snapshot.size)], coded('STORE_CORRUPT'));
    };
    await assert.rejects(again.put([item(1_000)]), coded('DISK_FULL'));
    await settledUnder(store.clock, [], 5_000);
    const codes = () => again.status().incidents.map(({ code }) => code);
    assert.deepEqual(codes(), ['WRITE_FAILED'], 'nothing is built while there is no room');
    store.disk.free = 2 ** 40;
    await settledUnder(store.clock, [], 120_000);
    const later = again.snapshot();
    assert.throws(() => [...later.keys(0, later.size)], coded('STORE_CORRUPT'));
    await settledUnder(store.clock, [again.ready()]);
    assert.deepEqual(codes(), ['WRITE_FAILED', 'INDEX_DAMAGED', 'INDEX_REBUILT']);
    await again.close();
    assert.equal(store.clock.pending, 0, 'no timer is left');
  });

  it('can be closed while it cannot be opened', async (t) => {
    const store = await faulty(t);
    const replica = await store.open(t);
    store.fates = ['lost'];
    store.openFailures = 1_000;
    await assert.rejects(replica.put([item(1)]));
    await replica.close();
    assert.equal(store.clock.pending, 0);
    await assert.rejects(replica.put([item(2)]), coded('STORE_CLOSED'));
  });

  it('continues to merge when a slice fails', async (t) => {
    const store = await faulty(t);
    const index = { bufferItems: 20, leafItems: 4, fanout: 4 };
    const replica = await store.open(t, { index });
    for (let i = 0; i < 60; i++) {
      store.fates = i % 7 === 3 ? ['written', 'lost'] : i % 11 === 5 ? ['written and failed'] : [];
      const [result] = await settledUnder(store.clock, [replica.put([item((i * 37) % 61)])], 10);
      assert.equal(result?.status, 'fulfilled');
    }
    store.fates = [];
    await settledUnder(store.clock, [], 5_000);
    assert.ok(replica.status().buffered <= 20);
    await assertSound(replica, 60);
  });
});

/** Lets time pass, for `ms` at least, until all promises are settled. */
async function settledUnder<T>(
  clock: VirtualClock,
  promises: readonly Promise<T>[],
  ms = 0,
): Promise<PromiseSettledResult<T>[]> {
  let done = false;
  const all = Promise.allSettled(promises).finally(() => {
    done = true;
  });
  for (let passed = 0; passed <= ms || !done; passed += 100) {
    await tick(clock);
  }
  return all;
}
