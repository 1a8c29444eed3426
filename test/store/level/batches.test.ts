import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  type Database,
  openDatabase,
  repairDatabase,
  type StoreError,
} from '../../../src/store/index.ts';
import {
  type BatchSink,
  operationsOf,
  plain,
  readSync,
  readyBatch,
  writeSynced,
} from '../../../src/store/level/index.ts';
import { fillWith, rethrow } from '../../../src/store/level/testing.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { coded, temporaryDirectory } from '../replica/support.ts';

const text = new TextEncoder();
const [KEY, OTHER, VALUE] = ['key', 'other', 'value'].map((word) => text.encode(word)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

function fill(sink: BatchSink): void {
  sink.put(KEY, VALUE);
  sink.del(OTHER);
}

async function opened(): Promise<Database> {
  const database = memoryDatabase();
  await database.open();
  return database;
}

/** Writes the same array for every record, as who saves memory does. */
function reusing(sink: BatchSink): void {
  const bytes = new Uint8Array(1);
  for (let i = 1; i <= 3; i++) {
    bytes[0] = i;
    sink.put(bytes, bytes);
  }
  sink.del(bytes);
  bytes[0] = 9;
}

async function numbers(database: Database): Promise<number[]> {
  return (await database.iterator().all()).flatMap(([key, value]) => [key[0]!, value[0]!]);
}

describe('a batch', () => {
  it('counts the bytes of keys and values, and of deleted keys', async () => {
    const database = await opened();
    assert.equal(readyBatch(database, fill).bytes, 3 + 5 + 5);
    assert.equal(readyBatch(database, () => undefined).bytes, 0);
  });

  it('is written as a whole and synced, or dropped', async () => {
    const database = await opened();
    await database.put(OTHER, VALUE);
    await readyBatch(database, fill).close();
    assert.equal((await database.keys().all()).length, 1);
    const begin = database.batch.bind(database) as unknown as () => {
      write: (o: object) => unknown;
    };
    const options: object[] = [];
    database.batch = (() => {
      const batch = begin();
      const write = batch.write.bind(batch);
      batch.write = (given) => {
        options.push(given);
        return write(given);
      };
      return batch;
    }) as never;
    await writeSynced(database, operationsOf(fill));
    assert.deepEqual(options, [{ sync: true }]);
    assert.deepEqual((await database.keys().all()).map(plain), [KEY]);
  });

  it('copies records that the caller overwrites afterwards, in every database', async (t) => {
    const memory = await opened();
    await readyBatch(memory, reusing).write();
    assert.deepEqual(await numbers(memory), [1, 1, 2, 2]);
    const level = await openDatabase(await temporaryDirectory(t));
    cleanUp(t, () => level.close());
    await readyBatch(level, reusing).write();
    assert.deepEqual(await numbers(level), [1, 1, 2, 2]);
  });

  it('can be kept as a list of operations', () => {
    const operations = operationsOf(reusing);
    assert.deepEqual(
      operations.map(({ type, key }) => [type, key[0]]),
      [
        ['put', 1],
        ['put', 2],
        ['put', 3],
        ['del', 3],
      ],
    );
    assert.deepEqual(
      operationsOf((sink) => fillWith(sink, operations)),
      operations,
    );
  });
});

describe('an error of LevelDB', () => {
  it('becomes STORE_CORRUPT for a file that is damaged, STORE_UNAVAILABLE at another I/O error', async () => {
    const corruption = Object.assign(new Error('checksum'), { code: 'LEVEL_CORRUPTION' });
    const other = Object.assign(new Error('IO error'), { code: 'LEVEL_IO_ERROR' });
    const isTold = (error: unknown): boolean =>
      coded('STORE_CORRUPT')(error) &&
      (error as StoreError).cause === corruption &&
      /\(checksum\)/.test((error as Error).message);
    assert.throws(() => rethrow(corruption), isTold);
    assert.throws(() => rethrow(other), { code: 'STORE_UNAVAILABLE', cause: other });
    const odd = new Error('odd');
    assert.throws(() => rethrow(odd), odd);
    const database = await opened();
    await database.put(KEY, VALUE);
    assert.deepEqual(readSync(database, KEY), VALUE);
    assert.equal(readSync(database, OTHER), undefined);
    database.getSync = () => {
      throw corruption;
    };
    assert.throws(() => readSync(database, KEY), isTold);
  });

  it('names the directory when a database cannot be repaired', async (t) => {
    const file = join(await temporaryDirectory(t), 'file');
    await writeFile(file, 'not a directory');
    await assert.rejects(repairDatabase(file), (error: Error) => {
      return (
        coded('STORE_CORRUPT')(error) && error.message.includes(file) && error.cause !== undefined
      );
    });
  });
});

describe('a directory without the file CURRENT', () => {
  it('is refused when it held a database, and becomes a new database otherwise', async (t) => {
    const root = await temporaryDirectory(t);
    for (const [name, refused] of [
      ['000005.ldb', true],
      ['5.sst', true],
      ['000003.log', true],
      ['MANIFEST-000002', true],
      ['MANIFEST-0000010', true],
      ['MANIFEST-000001', false],
      ['LOG.old', false],
      ['000005.ldb.copy', false],
      ['x000005.ldb', false],
      ['000005.tmp', false],
    ] as const) {
      const directory = join(root, `of-${name}`);
      await mkdir(directory);
      await writeFile(join(directory, name), '');
      if (refused) {
        const says = (error: Error): boolean =>
          coded('STORE_CORRUPT')(error) && error.message.includes(`still has ${name}`);
        await assert.rejects(openDatabase(directory), says, name);
        assert.deepEqual(await readdir(directory), [name], 'nothing is made or deleted there');
      } else {
        await (await openDatabase(directory)).close();
        await (await openDatabase(directory)).close();
      }
    }
  });
});
