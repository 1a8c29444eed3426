import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  concatBytes,
  type Database,
  type ItemKey,
  itemId,
  type NewItem,
  openDatabase,
  type Replica,
  type ReplicaInit,
  type Witness,
} from '../../../../src/store/index.ts';
import { encodeHead, setKeys } from '../../../../src/store/replica/records/index.ts';
import { encodeSummary } from '../../../../src/store/tree/level/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { coded, item, items, openAgain, pass, tapBatches, temporaryDirectory } from '../support.ts';

const text = new TextEncoder();

/** Small nodes and a small buffer, so that a few items make a tree of several levels. */
const INDEX = { bufferItems: 64, leafItems: 4, fanout: 4 };
/** A buffer that is merged at once, so that the set's fingerprint is that of the root. */
const DENSE = { ...INDEX, bufferItems: 2 };

function open(
  t: TestContext,
  directory: string,
  init: Partial<ReplicaInit> = {},
): Promise<Replica> {
  return openAgain(t, directory, { index: INDEX, ...init });
}

/** Opens the database in `directory`, has `change` change it, and closes it. */
async function tamper(
  directory: string,
  change: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(directory);
  await change(database);
  await database.close();
}

async function firstKey(database: Database, prefix: string, skip = 0): Promise<Uint8Array> {
  const keys = await database.keys({ gte: text.encode(prefix), limit: skip + 1 }).all();
  return keys[skip]!;
}

async function assertSound(replica: Replica, wanted: readonly NewItem[]): Promise<void> {
  const { ok, problems, items: found } = await replica.verify();
  assert.deepEqual({ ok, problems, found }, { ok: true, problems: [], found: wanted.length });
  const snapshot = replica.snapshot();
  assert.equal(snapshot.size, wanted.length);
  for (const { hint, payload } of wanted) {
    assert.deepEqual((await replica.get(itemId(hint, payload)))?.payload, payload);
  }
  snapshot.release();
}

function codes(replica: Replica): string[] {
  return replica.status().incidents.map(({ code }) => code);
}

/** A witness that outlives the replica, as a file would. */
class MemoryWitness implements Witness {
  commit = 0;

  async read(): Promise<number> {
    return this.commit;
  }

  write(commit: number): void {
    this.commit = commit;
  }
}

describe('index that has to be built again', () => {
  it('after a commit that LevelDB lost while later ones survived', async (t) => {
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

  const damages: [string, (database: Database) => Promise<void>][] = [
    ['a missing node', async (db) => db.del(await firstKey(db, 'set/n', 5))],
    ['a missing summary', async (db) => db.del(await firstKey(db, 'set/s', 5))],
    ['a damaged node', async (db) => flip(db, await firstKey(db, 'set/n', 7))],
    ['a missing meta', async (db) => db.del(text.encode('set/m'))],
    ['a damaged state', async (db) => flip(db, text.encode('set/c'))],
    ['a missing state', async (db) => db.del(text.encode('set/c'))],
    ['a missing log record', async (db) => db.del(await firstKey(db, 'set/l', 1))],
    ['a damaged log record', async (db) => flip(db, await firstKey(db, 'set/l', 0))],
  ];
  for (const [name, damage] of damages) {
    it(`after ${name}`, async (t) => {
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

  it('begins anew when building it is cut off', async (t) => {
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

describe('schema record', () => {
  it('that went with the beginning of the first log is written again, and the loss reported', async (t) => {
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

  it('is given again where everything else is whole', async (t) => {
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

describe('witness', () => {
  it('knows of commits that were cut off the end of the log', async (t) => {
    const directory = await temporaryDirectory(t);
    const witness = new MemoryWitness();
    const first = await open(t, directory, { witness });
    await first.put([item(1)]);
    await first.put([item(2)]);
    assert.equal(witness.commit, first.status().commit);
    await first.close();
    witness.commit += 3;
    const replica = await open(t, directory, { witness });
    await replica.ready();
    assert.deepEqual(codes(replica), ['COMMITS_LOST']);
    assert.ok(replica.status().needsRefill);
    await replica.markRefilled();
    await replica.close();
    assert.deepEqual(codes(await open(t, directory, { witness })), []);
  });
});

describe('witness of lost commits', () => {
  it('goes on knowing of them until the database says that they are to be refilled', async (t) => {
    const directory = await temporaryDirectory(t);
    const witness = new MemoryWitness();
    const first = await open(t, directory, { witness });
    await first.put([item(1)]);
    await first.close();
    witness.commit += 3;
    const known = witness.commit;
    const database = await openDatabase(directory);
    const written: number[] = [];
    tapBatches(database, async (_, write) => {
      written.push(witness.commit);
      await write();
    });
    const replica = await open(t, directory, { witness, database });
    await replica.put([item(2)]);
    await replica.ready();
    assert.equal(written[0], known);
    assert.equal(witness.commit, replica.status().commit);
    assert.ok(replica.status().needsRefill);
  });
});

describe('verification while the set is in use', () => {
  it('changes nothing, and is an incident when it finds something', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(150));
    await first.close();
    await tamper(directory, async (database) => database.del(await firstKey(database, 'set/i', 3)));
    const replica = await open(t, directory);
    const { ok, problems } = await replica.verify();
    assert.deepEqual([ok, problems.map(({ code }) => code)], [false, ['ID_RECORD']]);
    await replica.ready();
    assert.deepEqual(codes(replica), ['VERIFY_FAILED']);
    assert.match(replica.status().incidents[0]!.message, /found 1 problem.*ID_RECORD/);
    assert.equal((await replica.verify()).ok, false);
    await replica.close();
    await assert.rejects(replica.verify(), coded('STORE_CLOSED'));
  });
});

describe('status', () => {
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

describe('scrubber', () => {
  it('finds a summary that is whole, and wrong', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(300));
    await first.close();
    await tamper(directory, async (database) =>
      database.put(await firstKey(database, 'set/s', 9), encodeSummary(new Uint8Array(32))),
    );
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 1_000 } });
    await pass(clock, () => codes(replica).includes('INDEX_REBUILT'));
    await assertSound(replica, items(300));
  });

  it('counts large items as many', async (t) => {
    const clock = new VirtualClock();
    const scrub = { itemsPerSecond: 10 };
    const replica = await open(t, await temporaryDirectory(t), { clock, scrub });
    await replica.put(Array.from({ length: 12 }, (_, i) => item(i, 160 * 1024)));
    await pass(clock, () => replica.status().scrub.checked > 0);
    const start = clock.monotonic();
    await pass(clock, () => replica.status().scrub.passes > 0);
    const seconds = (clock.monotonic() - start) / 1_000;
    assert.ok(seconds >= 9 && seconds < 75, `${seconds} s`);
  });

  it('goes on soon after the index was built again', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(40));
    await first.close();
    await tamper(directory, async (database) => flip(database, text.encode('set/c')));
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 100 } });
    await clock.advance(10);
    await replica.ready();
    await clock.advance(2_000);
    await pass(clock, () => replica.status().scrub.checked > 0);
    assert.ok(clock.monotonic() < 10_000, `${clock.monotonic()} ms`);
  });
});

describe('id record', () => {
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

  it('under another id has the index built again', async (t) => {
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

  it('with a wrong hint has the index built again when the item is asked for', async (t) => {
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

  it('goes with an item that is damaged too', async (t) => {
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

/** A set of 40 items, of which number 7 is damaged. */
async function withDamagedItem(t: TestContext): Promise<string> {
  const directory = await temporaryDirectory(t);
  const first = await open(t, directory);
  await first.put(items(40));
  await first.close();
  await tamper(directory, async (database) => flip(database, await firstKey(database, 'set/p', 7)));
  return directory;
}

describe('item that is damaged', () => {
  it('counts as not held when a peer asks for it, and is put aside', async (t) => {
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

  it('is told as long as it is, whatever its id record says', async (t) => {
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

  it('fails no others when it cannot be put aside', async (t) => {
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

  it('leaves the set when it is read, is kept aside, and is welcome again', async (t) => {
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

  it('stops the scrubber when there are too many', async (t) => {
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

  it('is no reason to drop items when it is the index that is damaged', async (t) => {
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

/** The key of the root's summary: the root is the last node that was made. */
async function rootSummary(database: Database): Promise<Uint8Array> {
  const range = { gte: text.encode('set/s'), lt: text.encode('set/t') };
  const [key] = await database.keys({ ...range, reverse: true, limit: 1 }).all();
  return key!;
}

async function flip(database: Database, key: Uint8Array, at?: number): Promise<void> {
  const value = new Uint8Array((await database.get(key))!);
  value[at ?? value.length >> 1]! ^= 4;
  await database.put(key, value);
}
