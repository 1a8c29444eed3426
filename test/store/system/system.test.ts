import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { systemClock, systemDisk, systemRandom } from '../../../src/store/index.ts';
import { crc32ByTables } from '../../../src/store/level/testing.ts';
import { byMessage } from '../../../src/store/system/testing.ts';
import { assertProperty } from '../../support/property.ts';

const run = promisify(execFile);

/** The store as a browser sees it: without the modules of Node. */
const WITHOUT_NODE = `
process.getBuiltinModule = undefined;
const { openDatabase, systemDisk } = await import(process.argv[1]);
const codes = [];
await openDatabase('/tmp/none').catch(({ code }) => codes.push(code));
try { systemDisk('/tmp'); } catch ({ code }) { codes.push(code); }
console.log(codes.join());
`;

describe('the system', () => {
  it('takes the turn of the event loop by message where there is no setImmediate', async () => {
    const calls: string[] = [];
    const cancel = byMessage(() => calls.push('cancelled'));
    cancel();
    await new Promise<void>((resolve) => {
      byMessage(() => {
        calls.push('called');
        resolve();
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(calls, ['called']);
  });

  it('calls back behind pending I/O, and not once it is cancelled', async () => {
    const calls: string[] = [];
    systemClock.after(0, () => calls.push('soon'))();
    systemClock.after(1, () => calls.push('late'))();
    await new Promise<void>((resolve) => systemClock.after(2, resolve));
    assert.deepEqual(calls, []);
  });

  it('gives as many random bytes as it is asked for', () => {
    for (const length of [0, 16, 65_536, 65_537]) {
      assert.equal(systemRandom.bytes(length).length, length);
    }
    assert.ok(
      systemRandom
        .bytes(65_600)
        .subarray(65_536)
        .some((byte) => byte !== 0),
    );
    assert.ok(systemRandom.fraction() < 1);
  });

  it('tells free space, and leaves nothing of its trial', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rangemesh-disk-'));
    try {
      const disk = systemDisk(directory);
      assert.ok((await disk.freeBytes()) > 0);
      await disk.checkWritable?.();
      assert.deepEqual(await readdir(directory), []);
    } finally {
      await rm(directory, { recursive: true });
    }
    await assert.rejects(systemDisk(directory).checkWritable!(), { code: 'ENOENT' });
  });

  it('refuses files with NEEDS_NODE where there are none', async () => {
    const store = new URL('../../../src/store/index.ts', import.meta.url).href;
    const args = ['--input-type=module', '--eval', WITHOUT_NODE, store];
    const { stdout } = await run(process.execPath, args);
    assert.equal(stdout, 'NEEDS_NODE,NEEDS_NODE\n');
  });

  it('computes the CRC-32 of Node by tables', () => {
    assertProperty(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 100 }), (bytes, cut) => {
        const sum = crc32(bytes);
        assert.equal(crc32ByTables(bytes), sum);
        assert.equal(
          crc32ByTables(bytes.subarray(cut), crc32ByTables(bytes.subarray(0, cut))),
          sum,
        );
      }),
    );
  });
});
