import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Database, openDatabase } from '../../../src/store/index.ts';
import { type CompactProgress, compactDatabase } from '../../../src/store/level/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { settle } from '../../support/clock.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { SeededRandom } from '../../support/random.ts';
import { SlowClock } from '../replica/commit/merger-support.ts';

async function open(context: TestContext): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-compact-'));
  cleanUp(context, () => rm(folder, { recursive: true }));
  const database = await openDatabase(join(folder, 'db'));
  cleanUp(context, () => database.close());
  return database;
}

const key = (i: number) => new TextEncoder().encode(`set/p${String(i).padStart(8, '0')}`);

async function fill(database: Database, count: number): Promise<void> {
  const random = new SeededRandom('compact');
  for (let i = 0; i < count; i++) await database.put(key(i), random.bytes(16 * 1024));
}

const BYTES = 200 * 1024 * 1024;

/** A database whose bytes lie between two keys, one after the other; `compacted` gets parts of all keys. */
function largeDatabase(compacted: (start: number, end: number) => void) {
  const place = (at: Uint8Array) => (at[0]! * 256 + at[1]!) / 65_536;
  return {
    approximateSize: async (start: Uint8Array, end: Uint8Array) =>
      Math.round((place(end) - place(start)) * BYTES),
    compactRange: async (start: Uint8Array, end: Uint8Array) => compacted(place(start), place(end)),
  };
}

describe('compacting a database', () => {
  it('gives back the room of removed records, and keeps the others', async (context) => {
    const database = await open(context);
    await fill(database, 1_000);
    for (let i = 0; i < 1_000; i++) if (i % 10 !== 0) await database.del(key(i));
    const { beforeBytes, afterBytes, complete } = await compactDatabase(database, () => false);
    assert.equal(complete, true);
    assert.ok(beforeBytes > 4e6, `${beforeBytes} bytes before`);
    assert.ok(afterBytes < 2.5e6, `${afterBytes} bytes after`);
    assert.equal((await database.keys().all()).length, 100);
    assert.equal((await database.get(key(10)))?.length, 16 * 1024);
  });

  it('counts records that lie in memory alone, and tells how far it is', async (context) => {
    const database = await open(context);
    await fill(database, 10);
    const told: CompactProgress[] = [];
    const progress = (step: CompactProgress) => told.push(step);
    const { beforeBytes } = await compactDatabase(database, () => false, { progress });
    assert.ok(beforeBytes > 10 * 16 * 1024, `${beforeBytes} bytes before`);
    assert.deepEqual(told, [
      { done: 0, of: beforeBytes },
      { done: beforeBytes, of: beforeBytes },
    ]);
  });

  it('ends between two pieces when it is asked to', async (context) => {
    const database = await open(context);
    await fill(database, 500);
    const stopped = await compactDatabase(database, () => true);
    assert.deepEqual([stopped.complete, stopped.pieces], [false, 0]);
  });

  it('goes over a large database in several pieces', async (context) => {
    const sizes: number[] = [];
    const done: number[] = [];
    const large = largeDatabase((start, end) => {
      sizes.push((end - start) * BYTES);
      done.push(start);
    });
    const told: number[] = [];
    const progress = ({ done: bytes, of }: CompactProgress) =>
      told.push(Math.round((100 * bytes) / of));
    const result = await compactDatabase(large as never, () => false, { progress });
    assert.equal(result.pieces, 4);
    assert.deepEqual(told, [0, 25, 50, 75, 100]);
    assert.ok(sizes.every((size) => size <= 64 * 1024 * 1024));
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
    context.diagnostic(`${sizes.length} pieces`);
  });

  it('goes over the wanted ranges alone, in pieces of the wanted size, and rests after each', async () => {
    const done: number[][] = [];
    const clock = new SlowClock();
    const large = largeDatabase((start, end) => {
      done.push([start, end]);
      clock.ms += 7;
    });
    const ranges = [
      { gte: Uint8Array.of(0x40), lt: Uint8Array.of(0x80) },
      { gte: Uint8Array.of(0xc0), lt: Uint8Array.of(0xe0, 0x80) },
    ];
    const pieceBytes = 32 * 1024 * 1024;
    const compacting = compactDatabase(large as never, () => false, { ranges, pieceBytes, clock });
    for (const pieces of [1, 2, 3]) {
      await settle();
      assert.equal(done.length, pieces, 'the next piece waits');
      await clock.advance(6);
      assert.equal(done.length, pieces);
      await clock.advance(1);
    }
    const { pieces } = await compacting;
    assert.equal(pieces, done.length);
    assert.deepEqual(done, [
      [0.25, 0.375],
      [0.375, 0.5],
      [0.75, 0.876953125],
    ]);
  });

  it('does nothing to a database in memory', async () => {
    const result = await compactDatabase(memoryDatabase(), () => false);
    assert.deepEqual(result, { beforeBytes: 0, afterBytes: 0, pieces: 0, complete: true });
  });
});
