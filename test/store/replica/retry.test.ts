import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database, Replica, ReplicaInit } from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { codes, corruption, flip, idOf, KEYS, MemorySet } from './in-memory.ts';
import { coded, item, items, tapBatches } from './support.ts';

const SPARE_BYTES = 256 * 1024;

/** A set whose database can be made to fail: at opening, and at writing. */
class Failing {
  readonly set: MemorySet;
  /** Clock times at which the database was opened, or was to be. */
  readonly attempts: number[] = [];
  /** Openings that fail. */
  refusals = 0;
  /** Batches that fail: not written, or written all the same. */
  readonly faults: ('lost' | 'landed')[] = [];
  error: Error = new Error('IO error: it burns');
  repairs = 0;
  repairError: Error | null = null;
  #tapped = false;

  constructor(set: MemorySet) {
    this.set = set;
  }

  async open(t: TestContext, init: Partial<ReplicaInit> = {}): Promise<Replica> {
    const replica = await this.set.open(t, { open: () => this.#open(), ...init });
    this.attempts.length = 0;
    return replica;
  }

  readonly repair = async (): Promise<void> => {
    this.repairs++;
    if (this.repairError !== null) throw this.repairError;
  };

  /** Has a put fail, and the database after it so many times at opening. */
  async fail(replica: Replica, refusals: number, fault: 'lost' | 'landed' = 'lost'): Promise<void> {
    this.faults.push(fault);
    this.refusals = refusals;
    await replica.put([item(900 + this.attempts.length)]).catch(() => undefined);
  }

  async #open(): Promise<Database> {
    const { database, clock } = this.set;
    this.attempts.push(clock.monotonic());
    if (this.refusals > 0) {
      this.refusals--;
      throw this.error;
    }
    await database.open();
    if (!this.#tapped) tapBatches(database, (_, write) => this.#write(write));
    this.#tapped = true;
    return database;
  }

  async #write(write: () => Promise<void>): Promise<void> {
    const fault = this.faults.shift();
    if (fault !== 'lost') await write();
    if (fault !== undefined) throw this.error;
  }
}

/** Milliseconds between one attempt and the next. */
function pauses(attempts: readonly number[]): number[] {
  return attempts.slice(1).map((at, i) => at - attempts[i]!);
}

describe('attempts to open a database again', () => {
  it('come after one second, then half as often each time, down to once a minute', async (t) => {
    const store = new Failing(await MemorySet.of(5));
    const replica = await store.open(t);
    for (const round of [1, 2]) {
      store.attempts.length = 0;
      await store.fail(replica, 9);
      await store.set.clock.advance(400_000);
      const seconds = pauses(store.attempts).map((ms) => ms / 1_000);
      assert.deepEqual(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60], `round ${round}`);
      assert.equal(replica.status().refusing, null);
      assert.equal((await replica.put([item(20 + round)]))[0]?.created, true);
    }
    assert.deepEqual(codes(replica), ['WRITE_FAILED', 'WRITE_FAILED']);
  });

  it('end when the replica is closed between two attempts', async (t) => {
    const store = new Failing(await MemorySet.of(5));
    const replica = await store.open(t);
    await store.fail(replica, 9);
    await store.set.clock.advance(1_000);
    assert.equal(store.attempts.length, 2);
    await replica.close();
    await store.set.clock.advance(100_000);
    assert.equal(store.attempts.length, 2, 'nothing is opened once it is closed');
    assert.equal(store.set.clock.pending, 0);
  });

  it('wait until the disk can be written to, while the old database is read', async (t) => {
    const store = new Failing(await MemorySet.of(5));
    const { clock, disk } = store.set;
    const replica = await store.open(t);
    disk.readOnly = new Error('EROFS: read-only file system');
    await store.fail(replica, 0);
    for (const round of [1, 2]) {
      assert.equal(replica.refusing?.code, 'STORE_WRITE_FAILED', `round ${round}`);
      assert.equal((await replica.get(idOf(item(3))))?.hint, 3n);
      assert.equal(replica.status().items, 5);
      assert.notEqual(replica.status().fingerprint, null);
      await clock.advance(10_000);
    }
    assert.deepEqual(store.attempts, [], 'it was not closed');
    disk.readOnly = null;
    await clock.advance(60_000);
    assert.equal(replica.refusing, null);
    assert.equal((await replica.put([item(30)]))[0]?.created, true);
  });

  it('wait until the disk has room for the writes of LevelDB, to the byte', async (t) => {
    const store = new Failing(await MemorySet.of(5));
    const { clock, disk } = store.set;
    const replica = await store.open(t);
    disk.free = 0;
    await store.fail(replica, 0);
    const { refusing } = replica.status();
    assert.equal(refusing?.code, 'DISK_FULL');
    const needed = Number(/and (\d+) are needed/.exec(refusing.message)?.[1]);
    assert.ok(needed >= SPARE_BYTES, `${needed} bytes`);
    disk.free = needed - 1;
    await clock.advance(1_000);
    assert.equal(store.attempts.length, 0, 'one byte is lacking');
    disk.free = needed;
    await clock.advance(2_000);
    assert.equal(store.attempts.length, 1);
    disk.freeBytes = () => Promise.reject(new Error('no such disk'));
    await store.fail(replica, 0);
    assert.equal(store.attempts.length, 2, 'a disk that says nothing is taken as having room');
  });
});

describe('a commit of unknown outcome', () => {
  it('is announced once it proves to be on disk, and never when it is not', async (t) => {
    for (const [fault, told] of [
      ['landed', [900n]],
      ['lost', []],
    ] as const) {
      const store = new Failing(await MemorySet.of(5));
      const replica = await store.open(t);
      const heard: bigint[] = [];
      replica.onCommit((added) => heard.push(...added.map(({ hint }) => hint)));
      await store.fail(replica, 2, fault);
      assert.deepEqual(heard, []);
      await store.set.clock.advance(3_000);
      assert.deepEqual(heard, told, fault);
      assert.equal(replica.contains(idOf(item(900))), told.length === 1);
      store.attempts.length = 1;
      await store.fail(replica, 0);
      await store.set.clock.advance(3_000);
      assert.deepEqual(heard, told, 'it is told once');
    }
  });

  it('is not announced again when the database is reopened for another reason', async (t) => {
    const store = new Failing(await MemorySet.of(5));
    const replica = await store.open(t);
    const heard: bigint[] = [];
    replica.onCommit((added) => heard.push(...added.map(({ hint }) => hint)));
    await store.fail(replica, 1, 'landed');
    await store.set.clock.advance(1_000);
    assert.deepEqual(heard, [900n]);
    await store.set.database.put(KEYS.id(idOf(item(1))), new Uint8Array(3));
    store.faults.push('lost');
    await assert.rejects(replica.head(idOf(item(1))), coded('STORE_CORRUPT'));
    await assert.rejects(replica.ready(), coded('STORE_WRITE_FAILED'));
    await store.set.clock.advance(1_000);
    assert.equal(store.attempts.length, 3, 'the rebuild failed, and it was opened again');
    assert.deepEqual(heard, [900n], 'a commit is told once');
  });
});

describe('the repair of a database', () => {
  it('precedes the reopening when a write met an unreadable record, twice in a row', async (t) => {
    const store = new Failing(await MemorySet.of(5));
    const replica = await store.open(t, { repair: store.repair });
    for (const round of [1, 2]) {
      store.error = corruption();
      await store.fail(replica, 0);
      await replica.ready();
      assert.equal(store.repairs, round);
      const found = codes(replica).slice(-4);
      assert.deepEqual(found, [
        'WRITE_FAILED',
        'DATABASE_REPAIRED',
        'INDEX_DAMAGED',
        'INDEX_REBUILT',
      ]);
      assert.equal(replica.status().needsRefill, true);
      store.error = new Error('IO error: it burns');
      await store.fail(replica, 0);
      await replica.ready();
      assert.equal(store.repairs, round, 'other errors need no repair');
    }
  });

  it('is tried again until it succeeds', async (t) => {
    const store = new Failing(await MemorySet.of(5));
    const replica = await store.open(t, { repair: store.repair });
    store.error = corruption();
    store.repairError = new Error('it cannot be repaired');
    await store.fail(replica, 0);
    await store.set.clock.advance(3_000);
    assert.equal(store.repairs, 3);
    assert.match(replica.status().refusing!.message, /it cannot be repaired/);
    assert.equal(store.attempts.length, 0, 'it is not opened before that');
    store.repairError = null;
    await store.set.clock.advance(4_000);
    await replica.ready();
    assert.deepEqual([store.repairs, replica.status().refusing], [4, null]);
  });
});

describe('a rebuild', () => {
  async function damaged(): Promise<Failing> {
    return new Failing(await MemorySet.of(40, (database) => flip(database, KEYS.state)));
  }

  it('that fails is reported, and starts again after a second, twice in a row', async (t) => {
    const store = await damaged();
    store.faults.push('lost', 'lost');
    const replica = await store.open(t);
    await assert.rejects(replica.ready(), coded('STORE_WRITE_FAILED'));
    assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'WRITE_FAILED']);
    await store.set.clock.advance(999);
    assert.equal(store.attempts.length, 0);
    await store.set.clock.advance(1);
    assert.equal(store.attempts.length, 1);
    await assert.rejects(replica.ready(), coded('STORE_WRITE_FAILED'));
    await store.set.clock.advance(2_000);
    await replica.ready();
    assert.equal(codes(replica).at(-1), 'INDEX_REBUILT');
    assert.deepEqual((await replica.verify()).problems, []);
    assert.equal(replica.status().items, 40);
  });

  it('that meets an unreadable record has the database repaired', async (t) => {
    const store = await damaged();
    store.faults.push('lost');
    store.error = corruption();
    const replica = await store.open(t, { repair: store.repair });
    await assert.rejects(replica.ready());
    assert.equal(store.repairs, 0);
    await store.set.clock.advance(1_000);
    await replica.ready();
    assert.equal(store.repairs, 1);
    assert.equal((await replica.verify()).ok, true);
  });

  it('shows its progress until it ends', async (t) => {
    const set = await MemorySet.of(40, (database) => database.del(KEYS.tree.meta));
    const seen: unknown[] = [];
    let replica: Replica | null = null;
    await set.database.open();
    tapBatches(set.database, async (_, write) => {
      seen.push(replica?.status().rebuilding ?? null);
      await write();
    });
    replica = await set.open(t);
    assert.deepEqual(replica.status().rebuilding, { items: 0, of: 40 });
    assert.equal(replica.status().items, 40, 'the last number known');
    assert.equal(replica.indexed, false);
    await replica.ready();
    assert.equal(replica.status().rebuilding, null);
    assert.equal(replica.indexed, true);
    assert.deepEqual(seen.at(-1), { items: 40, of: 40 });
    const { message } = replica.status().incidents.at(-1)!;
    assert.equal(message, 'the index holds 40 items again; the last commit counted 40');
  });

  it('reports no last commit where the state was lost, and no failure once the replica is closed', async (t) => {
    const store = await damaged();
    const replica = await store.open(t);
    await replica.ready();
    const { message } = replica.status().incidents.at(-1)!;
    const epoch = 'a new epoch of the order of arrival has begun';
    assert.equal(message, `the index holds 40 items again; ${epoch}`);
    const other = await damaged();
    const closing = await other.open(t);
    await closing.close();
    assert.deepEqual(codes(closing), ['INDEX_DAMAGED']);
    await other.set.clock.advance(0);
    assert.equal(other.set.clock.pending, 0);
    const again = await other.open(t);
    await again.ready();
    assert.equal((await again.verify()).ok, true);
  });

  it('continues the commit number, and gives nodes new numbers', async (t) => {
    const set = await MemorySet.of(items(40));
    const numbers: number[] = [];
    for (let round = 0; round < 3; round++) {
      await set.database.open();
      const before = (await set.database.keys(KEYS.nodes).all()).at(-1)!;
      if (round > 0) await flip(set.database, KEYS.state);
      if (round > 1) await set.database.del(KEYS.tree.meta);
      const replica = await set.open(t);
      await replica.ready();
      numbers.push(replica.status().commit);
      await replica.put([item(100 + round)]);
      await replica.close();
      await set.database.open();
      cleanUp(t, () => set.database.close());
      const [first] = await set.database.keys({ ...KEYS.nodes, limit: 1 }).all();
      if (round > 0) assert.ok(Buffer.compare(first!, before) > 0, 'no number is used twice');
    }
    assert.ok(numbers[1]! > numbers[0]! && numbers[2]! > numbers[1]!, `${numbers}`);
  });
});
