import assert from 'node:assert/strict';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../../src/daemon/system/index.ts';
import {
  itemId,
  type NewItem,
  openDatabase,
  Replica,
  type ReplicaInit,
  readU64BE,
  repairDatabase,
} from '../../../src/store/index.ts';
import { breakBlock, compact, compactOpen } from '../../support/broken-block.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { SeededRandom } from '../../support/random.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { coded, openAgain, openWatched, pass, temporaryDirectory } from './support.ts';

const COUNT = 1_000;
const SCRUB = { itemsPerSecond: 1_000, maxDamagedPerHour: 500 };
const INDEX = { bufferItems: 64, leafItems: 8, fanout: 8 };
const KEY_PREFIX = 'set/p'.length;
const text = new TextEncoder();

function note(number: number): NewItem {
  const line = `{"number":${number},"text":"the same words in every one of them"}`;
  return { hint: BigInt(number), payload: text.encode(line.repeat(4)) };
}

const NOTES = Array.from({ length: COUNT }, (_, i) => note(i));

function open(
  t: TestContext,
  directory: string,
  init: Partial<ReplicaInit> = {},
): Promise<Replica> {
  return openAgain(t, directory, { index: INDEX, ...init });
}

type Broken = { readonly directory: string; readonly keys: Uint8Array[] };

/** By the kind of record that is broken: finding the block takes a second. */
const made = new Map<string, Promise<Broken>>();

const originals: string[] = [];
after(() => {
  for (const directory of originals) rmSync(directory, { recursive: true });
});

/** A database with all notes in compressed tables, and a block of some kind of record broken. */
async function broken(t: TestContext, prefix: string): Promise<Broken> {
  const making = made.get(prefix) ?? makeBroken(prefix);
  made.set(prefix, making);
  const { directory: original, keys } = await making;
  const directory = await temporaryDirectory(t);
  cpSync(original, directory, { recursive: true });
  return { directory, keys };
}

async function makeBroken(prefix: string): Promise<Broken> {
  const directory = mkdtempSync(join(tmpdir(), 'rangemesh-broken-'));
  originals.push(directory);
  const clock = new VirtualClock();
  const first = await Replica.open({
    open: () => openWatched(directory),
    clock,
    disk: new FakeDisk(),
    scheme: wideSum,
    index: INDEX,
  });
  await first.put(NOTES);
  await pass(clock, () => first.status().buffered < 64);
  await first.close();
  await compact(directory);
  return { directory, keys: await breakBlock(directory, prefix) };
}

function hintsOf(keys: readonly Uint8Array[]): number[] {
  return keys.map((key) => Number(readU64BE(key, KEY_PREFIX)));
}

function codes(replica: Replica): string[] {
  return [...new Set(replica.status().incidents.map(({ code }) => code))];
}

async function assertAllThere(replica: Replica): Promise<void> {
  assert.equal(replica.snapshot().size, COUNT);
  for (const { hint, payload } of NOTES) {
    assert.deepEqual((await replica.get(itemId(hint, payload)))?.payload, payload);
  }
}

/** What is left to complain about: the block is still there, though no record in it is needed. */
async function assertOnlyTheBlockIsBroken(replica: Replica): Promise<void> {
  const { problems, items } = await replica.verify();
  assert.deepEqual(
    [items, [...new Set(problems.map(({ code }) => code))]],
    [COUNT, ['UNREADABLE']],
  );
}

describe('items in a block that LevelDB cannot read', () => {
  it('are listed by a verification, which continues behind them', async (t) => {
    const { directory, keys } = await broken(t, 'set/p');
    const replica = await open(t, directory);
    const { problems, items } = await replica.verify();
    assert.equal(items, COUNT - keys.length);
    const damaged = problems.filter(({ code }) => code === 'ITEM_DAMAGED').map(({ key }) => key);
    assert.deepEqual(
      damaged,
      keys.map((key) => Buffer.from(key).toString('hex')),
    );
    assert.ok(problems.some(({ code }) => code === 'UNREADABLE'));
    assert.equal(
      problems.some(({ code }) => code === 'NOT_INDEXED'),
      false,
    );
    assert.deepEqual(codes(replica), ['VERIFY_FAILED']);
  });

  it('are moved to quarantine one by one by the scrubber, while the index stays in use', async (t) => {
    const { directory, keys } = await broken(t, 'set/p');
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: SCRUB });
    const snapshot = replica.snapshot();
    const wanted: number[] = [];
    replica.onDamaged(({ hint }) => wanted.push(Number(hint)));
    await pass(clock, () => replica.status().scrub.passes > 1);
    assert.deepEqual(wanted, hintsOf(keys));
    assert.deepEqual(codes(replica), ['ITEM_DAMAGED']);
    assert.equal(snapshot.size, COUNT, 'no session was ended');
    const { items, quarantined, refusing } = replica.status();
    assert.deepEqual([items, quarantined, refusing], [COUNT - keys.length, keys.length, null]);
    await replica.put(wanted.map(note));
    assert.equal(replica.status().quarantined, 0);
    await assertAllThere(replica);
    await assertOnlyTheBlockIsBroken(replica);
  });

  it('are moved to quarantine when a caller asks for them', async (t) => {
    const { directory, keys } = await broken(t, 'set/p');
    const replica = await open(t, directory);
    const [first] = hintsOf(keys) as [number];
    const id = itemId(BigInt(first), note(first).payload);
    await assert.rejects(replica.get(id), coded('STORE_CORRUPT'));
    assert.equal(replica.contains(id), false);
    assert.equal(await replica.get(id), undefined);
    assert.equal((await replica.put([note(first)]))[0]?.created, true);
    assert.deepEqual((await replica.get(id))?.payload, note(first).payload);
  });

  it('are skipped by a rebuild of the index', async (t) => {
    const { directory, keys } = await broken(t, 'set/p');
    const database = await openDatabase(directory);
    await database.del(text.encode('set/m'));
    await database.close();
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: SCRUB });
    await replica.ready();
    const { items, quarantined, needsRefill, incidents } = replica.status();
    assert.deepEqual([items, quarantined, needsRefill], [COUNT - keys.length, keys.length, true]);
    assert.match(incidents.at(-1)!.message, new RegExp(`${keys.length} cannot be read`));
    await replica.put(hintsOf(keys).map(note));
    await pass(clock, () => replica.status().scrub.passes > 1);
    assert.deepEqual(codes(replica), ['INDEX_DAMAGED', 'INDEX_REBUILT']);
    await assertAllThere(replica);
    await assertOnlyTheBlockIsBroken(replica);
  });
});

describe('other records in a block that LevelDB cannot read', () => {
  it('lose no item when they are id records: other ids count as absent, and scrubbing writes them again', async (t) => {
    const { directory, keys } = await broken(t, 'set/i');
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: SCRUB });
    const results = await replica.put(NOTES);
    assert.ok(
      results.every(({ created }) => !created),
      'the index knows that they are held',
    );
    const more = Array.from({ length: 300 }, (_, i) => note(COUNT + i));
    for (const { hint, payload } of more) {
      assert.equal(replica.contains(itemId(hint, payload)), false);
    }
    await pass(clock, () => replica.status().scrub.passes > 1);
    assert.deepEqual(codes(replica), ['RECORD_MENDED']);
    assert.equal(replica.status().incidents.length, Math.min(50, keys.length));
    await assertAllThere(replica);
    await assertOnlyTheBlockIsBroken(replica);
    assert.ok((await replica.put(more)).every(({ created }) => created));
  });

  it('lead to one rebuild of the index when they are nodes', async (t) => {
    const { directory } = await broken(t, 'set/n');
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: SCRUB });
    await pass(clock, () => replica.status().scrub.passes > 3);
    const all = replica.status().incidents.map(({ code }) => code);
    assert.deepEqual(all, ['INDEX_DAMAGED', 'INDEX_REBUILT']);
    await assertAllThere(replica);
  });
});

describe('a block that LevelDB meets when it merges its tables', () => {
  it('is left out by a repair, after which the set takes puts again', async (t) => {
    const { directory } = await broken(t, 'set/p');
    let repairs = 0;
    const repair = async (): Promise<void> => {
      repairs++;
      await repairDatabase(directory);
    };
    const database = await openDatabase(directory);
    let opened = 0;
    const replica = await open(t, directory, {
      open: async () => (opened++ === 0 ? database : openDatabase(directory)),
      clock: systemClock,
      repair,
    });
    await replica.put([note(COUNT + 1)]);
    await compactOpen(database);
    // A merge of the buffer may have met it before, and then the index is being built.
    await assert.rejects(replica.put([note(COUNT)]));
    await replica.ready();
    assert.equal(repairs, 1);
    assert.deepEqual(codes(replica), [
      'WRITE_FAILED',
      'DATABASE_REPAIRED',
      'INDEX_DAMAGED',
      'INDEX_REBUILT',
    ]);
    assert.equal(replica.status().needsRefill, true);
    await replica.put([...NOTES, note(COUNT), note(COUNT + 1)]);
    for (const { hint, payload } of NOTES) {
      assert.deepEqual((await replica.get(itemId(hint, payload)))?.payload, payload);
    }
    const { problems, items } = await replica.verify();
    assert.deepEqual([problems, items], [[], COUNT + 2], 'the block is gone');
  });
});

describe('damaged tables', () => {
  it('that end too early lose their items, and nothing else', async (t) => {
    const { directory, tables } = await withTables(t);
    const path = join(directory, tables[1]!);
    truncateSync(path, statSync(path).size >> 1);
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: SCRUB });
    await pass(clock, () => replica.status().scrub.passes > 0);
    assert.deepEqual(codes(replica), ['ITEM_DAMAGED']);
    const { quarantined, items } = replica.status();
    assert.ok(quarantined > 5 && quarantined < 60, `${quarantined} of ${LARGE}`);
    assert.equal(items, LARGE - quarantined);
    await replica.put(large());
    assert.deepEqual([replica.status().quarantined, replica.snapshot().size], [0, LARGE]);
  });

  it('that the disk cannot read are skipped, and no item goes to quarantine', async (t) => {
    const { directory, tables } = await withTables(t);
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: SCRUB });
    renameSync(join(directory, tables[1]!), join(directory, 'elsewhere'));
    await pass(clock, () => replica.status().scrub.passes > 1);
    const all = replica.status().incidents.map(({ code }) => code);
    assert.deepEqual(all, ['READ_FAILED', 'READ_FAILED'], 'once a pass');
    assert.deepEqual([replica.status().items, replica.status().quarantined], [LARGE, 0]);
  });
});

const LARGE = 120;
const LARGE_BYTES = 32 * 1024;

function large(): NewItem[] {
  const random = new SeededRandom(7);
  return Array.from({ length: LARGE }, (_, i) => ({
    hint: BigInt(i),
    payload: random.bytes(LARGE_BYTES),
  }));
}

/** Some megabytes of items that cannot be compressed, and the tables they lie in. */
async function withTables(t: TestContext): Promise<{ directory: string; tables: string[] }> {
  const directory = await temporaryDirectory(t);
  const first = await open(t, directory);
  await first.put(large());
  await first.close();
  await compact(directory);
  const tables = readdirSync(directory).filter((name) => name.endsWith('.ldb'));
  return { directory, tables: tables.sort() };
}
