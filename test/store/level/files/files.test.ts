import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openDatabase, repairDatabase } from '../../../../src/store/index.ts';
import {
  blockContent,
  checkFiles,
  checkOne,
  crc32c,
  entriesOf,
  mendFiles,
  recordsOf,
  toEnd,
} from '../../../../src/store/level/files/testing.ts';
import {
  change,
  flipped,
  named,
  type OnDisk,
  onDisk,
  RECORDS,
  readAll,
  TABLES,
} from './support.ts';

const faultsOf = async ({ files }: OnDisk) => toEnd(checkFiles(files));

/** Mends the files, has LevelDB repair the database, and returns the records that are left. */
async function mended({ db, files }: OnDisk): Promise<number[]> {
  await mendFiles(files);
  await repairDatabase(db);
  assert.deepEqual(await toEnd(checkFiles(files)), []);
  const database = await openDatabase(db);
  try {
    return await readAll(database);
  } finally {
    await database.close();
  }
}

describe('CRC-32C', () => {
  it('gives the sums of RFC 3720, appendix B.4, also of bytes in pieces', () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
    const cases: [Uint8Array, number][] = [
      [new Uint8Array(32), 0x8a9136aa],
      [new Uint8Array(32).fill(0xff), 0x62a8ab43],
      [ascending, 0x46dd794e],
      [ascending.toReversed(), 0x113fdb5c],
      [new TextEncoder().encode('123456789'), 0xe3069283],
      [new Uint8Array(0), 0],
    ];
    for (const [bytes, sum] of cases) {
      assert.equal(crc32c(bytes), sum);
      for (let cut = 0; cut <= bytes.length; cut++) {
        assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), sum);
      }
    }
  });
});

describe('a block of a table', () => {
  const u32 = (value: number): number[] => [value, 0, 0, 0];

  it('is damaged where an entry counts more bytes than there are, and takes no memory for them', () => {
    for (const further of [[0xff, 0xff, 0xff, 0xff, 0x0f], new Array(7).fill(0xff).concat(0x0f)]) {
      const block = Uint8Array.from([0, ...further, 1, ...u32(0), ...u32(1)]);
      assert.throws(() => [...entriesOf(block)], { name: 'FileDamage' });
    }
  });

  it('is damaged where it does not uncompress, though its checksum agrees', async () => {
    for (const snappy of [
      [10, 12, 0],
      [10, 12, 0, 0, 0, 0, 4, 1],
    ]) {
      const bytes = Uint8Array.from([...snappy, 1, ...u32(0)]);
      await assert.rejects(blockContent(bytes), { name: 'FileDamage' });
    }
  });
});

describe('the check of the files of a database', () => {
  it('finds no damage in the files of LevelDB', async (t) => {
    const disk = await onDisk(t);
    assert.ok(named(disk.db, TABLES).length >= 2);
    assert.deepEqual(await faultsOf(disk), []);
    assert.equal((await mended(disk)).length, RECORDS);
  });

  it('finds no damage where there is no database', async (t) => {
    const disk = await onDisk(t);
    rmSync(disk.db, { recursive: true });
    assert.deepEqual(await faultsOf(disk), []);
  });

  it('finds a flipped bit anywhere in a table but in the padding of its footer', async (t) => {
    const disk = await onDisk(t);
    const name = named(disk.db, TABLES)[0]!;
    const path = join(disk.db, name);
    const { size } = statSync(path);
    const [footer, padding, magic] = [size - 48, size - 41, size - 8];
    for (let at = 0; at < size; at += at < footer ? 97 : 1) {
      if (at >= padding && at < magic) continue;
      change(path, (bytes) => flipped(bytes, at));
      const [fault, ...others] = await faultsOf(disk);
      assert.equal(fault?.file, name, `byte ${at} of ${size}`);
      assert.equal(others.length, 0);
      change(path, (bytes) => flipped(bytes, at));
    }
    assert.deepEqual(await faultsOf(disk), []);
  });

  it('finds a table that is cut, or gone', async (t) => {
    const disk = await onDisk(t);
    const [first, second] = named(disk.db, TABLES);
    change(join(disk.db, first!), (bytes) => bytes.subarray(0, bytes.length - 1));
    rmSync(join(disk.db, second!));
    const faults = await faultsOf(disk);
    assert.deepEqual(faults.map(({ file }) => file).sort(), [first, second]);
    assert.match(faults.map(({ message }) => message).join(), /bytes instead of|is not there/);
  });

  it('does not read left-over tables that the database does not know', async (t) => {
    const disk = await onDisk(t);
    writeFileSync(join(disk.db, '000777.ldb'), 'half a table');
    assert.deepEqual(await faultsOf(disk), []);
  });

  it('finds damage of the manifest and of CURRENT', async (t) => {
    const disk = await onDisk(t);
    const manifest = named(disk.db, /^MANIFEST/)[0]!;
    const damages: [string, (bytes: Buffer) => Uint8Array][] = [
      [manifest, (bytes) => flipped(bytes, 20)],
      [manifest, (bytes) => bytes.fill(0)],
      [manifest, (bytes) => bytes.subarray(0, bytes.length - 3)],
      ['CURRENT', (bytes) => flipped(bytes, 3)],
      ['CURRENT', (bytes) => bytes.subarray(0, 0)],
    ];
    for (const [name, damage] of damages) {
      const path = join(disk.db, name);
      const whole = readFileSync(path);
      change(path, damage);
      assert.deepEqual(
        (await faultsOf(disk)).map(({ file }) => file),
        [name],
      );
      change(path, () => whole);
    }
    rmSync(join(disk.db, 'CURRENT'));
    assert.deepEqual(await faultsOf(disk), [{ file: 'CURRENT', message: 'is not there' }]);
    assert.equal((await mended(disk)).length, RECORDS);
  });

  it('reads a table in pieces', async (t) => {
    const disk = await onDisk(t);
    const largest = named(disk.db, TABLES).at(-1)!;
    let longest = 0;
    const open = disk.files.open;
    disk.files.open = async (name) => {
      const file = await open(name);
      if (file === null) return null;
      const read = file.read.bind(file);
      return {
        ...file,
        read: (offset, length) => {
          longest = Math.max(longest, length);
          return read(offset, length);
        },
      };
    };
    assert.equal(await toEnd(checkOne(disk.files, largest)), null);
    assert.ok(longest <= 256 * 1024, `${longest} bytes at once`);
  });
});

describe('mending the files of a database', () => {
  it('loses the records of a damaged block only, and keeps the original', async (t) => {
    const disk = await onDisk(t);
    const name = named(disk.db, TABLES)[0]!;
    const path = join(disk.db, name);
    change(path, (bytes) => flipped(bytes, 100));
    const damaged = readFileSync(path);
    const left = await mended(disk);
    assert.ok(left.length < RECORDS && left.length > (RECORDS * 2) / 3, `${left.length} left`);
    assert.deepEqual(readFileSync(join(disk.db, 'lost', name)), damaged);
  });

  it('loses no record where only filters are damaged', async (t) => {
    const disk = await onDisk(t);
    const path = join(disk.db, named(disk.db, TABLES)[0]!);
    // The filters lie before the metaindex.
    change(path, (bytes) => flipped(bytes, metaindexAt(bytes) - 60));
    const [fault] = await faultsOf(disk);
    assert.equal(fault?.message, 'has damaged filters');
    assert.equal((await mended(disk)).length, RECORDS);
  });

  it('takes a table without a readable index away', async (t) => {
    const disk = await onDisk(t);
    const name = named(disk.db, TABLES)[0]!;
    change(join(disk.db, name), (bytes) => flipped(bytes, bytes.length - 60));
    const left = await mended(disk);
    assert.ok(left.length >= RECORDS / 3 && left.length < RECORDS, `${left.length} left`);
  });

  it('takes damaged records out of a log: the repair of LevelDB would take them in', async (t) => {
    const disk = await onDisk(t);
    const log = named(disk.db, /^\d+\.log$/).at(-1)!;
    change(join(disk.db, log), (bytes) => flipped(bytes, 40_000));
    const file = await disk.files.open(log);
    await assert.rejects(
      async () => {
        for await (const _ of recordsOf(file!));
      },
      { name: 'FileDamage' },
    );
    await file!.close();
    const left = await mended(disk);
    assert.ok(left.length < RECORDS && left.length > RECORDS / 3, `${left.length} left`);
  });
});

/** Where the metaindex of a table begins: the first number of its footer. */
function metaindexAt(bytes: Buffer): number {
  let value = 0;
  for (let at = bytes.length - 48, scale = 1; ; at++, scale *= 128) {
    const byte = bytes[at]!;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
}
