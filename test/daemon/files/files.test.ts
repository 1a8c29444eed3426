import assert from 'node:assert/strict';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dataDirError, makeDataDir, replaceFile } from '../../../src/daemon/files/index.ts';
import { createLogger, DaemonError } from '../../../src/daemon/index.ts';
import { wantsFile } from '../../../src/daemon/node/testing.ts';
import { MAX_RECORD_BYTES } from '../../../src/daemon/replicator/index.ts';
import { systemClock } from '../../../src/daemon/system/index.ts';
import { StoreError, type StoreErrorCode } from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';

const SILENT = createLogger({ clock: systemClock, level: 'silent' });

describe('files in the data directory', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rangemesh-files-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('are replaced as a whole, readable by their owner alone, also over the remains of a killed process', async () => {
    const path = join(directory, 'file');
    for (const content of ['first', 'second']) {
      await writeFile(`${path}.tmp`, 'half of');
      await replaceFile(path, content);
      assert.equal(await readFile(path, 'utf8'), content);
      assert.equal((await stat(path)).mode & 0o777, 0o600);
    }
    assert.deepEqual(await readdir(directory), ['file']);
  });

  it('keep the wanted ids, none before the first time', async () => {
    const wants = wantsFile(directory);
    assert.equal(await wants.load(), null);
    for (const bytes of [3, 2]) {
      const record = new Uint8Array(bytes).fill(bytes);
      await wants.save(record);
      assert.deepEqual(new Uint8Array((await wants.load())!), record);
    }
  });

  it('are not read when they are longer than a list of wanted ids can be', async () => {
    const wants = wantsFile(directory);
    const path = join(directory, 'wants');
    await writeFile(path, '');
    await truncate(path, MAX_RECORD_BYTES + 1);
    assert.equal((await wants.load())!.length, 0);
    await truncate(path, MAX_RECORD_BYTES);
    assert.equal((await wants.load())!.length, MAX_RECORD_BYTES);
  });

  it('report that they cannot be read', async () => {
    const file = join(directory, 'no directory');
    await writeFile(file, '');
    await assert.rejects(wantsFile(file).load(), { code: 'ENOTDIR' });
  });

  it('lie in a directory that is created with its parents, unless it exists', async () => {
    const path = join(directory, 'a', 'b');
    for (let round = 0; round < 2; round++) await makeDataDir(path, SILENT);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    const file = join(directory, 'taken');
    await writeFile(file, '');
    await assert.rejects(makeDataDir(join(file, 'x'), SILENT), {
      code: 'DATA_DIR_UNUSABLE',
      exitCode: 78,
      message: /set node\.dataDir/,
    });
  });
});

describe('a data directory that others may read', () => {
  it('gets a private database, and a warning while it is open', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'rangemesh-open-'));
    cleanUp(context, () => rm(directory, { recursive: true, force: true }));
    const lines: { code?: string; path?: string; msg: string }[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const logger = createLogger({ clock: systemClock, level: 'warn', destination });
    await mkdir(join(directory, 'db'));
    await chmod(join(directory, 'db'), 0o755);
    const table = join(directory, 'db', '000005.ldb');
    await writeFile(table, 'payloads');
    await chmod(table, 0o644);
    for (const mode of [0o755, 0o710]) {
      await chmod(directory, mode);
      await makeDataDir(directory, logger);
      assert.equal((await stat(join(directory, 'db'))).mode & 0o777, 0o700);
      assert.equal((await stat(table)).mode & 0o777, 0o600);
      const { code, path, msg } = lines.pop()!;
      assert.deepEqual([code, path], ['DATA_DIR_OPEN', directory]);
      assert.match(msg, new RegExp(`has mode 0${mode.toString(8)}, .*run chmod 700`));
    }
    await chmod(directory, 0o700);
    await makeDataDir(directory, logger);
    assert.deepEqual(lines, []);
  });
});

describe('a database that cannot be opened', () => {
  it('has an exit code for its reason', () => {
    const cases: [StoreErrorCode, string, number][] = [
      ['STORE_LOCKED', 'DATA_DIR_IN_USE', 75],
      ['UNSUPPORTED_SCHEMA', 'UNSUPPORTED_SCHEMA', 78],
      ['STORE_CORRUPT', 'DATA_DAMAGED', 74],
      ['STORE_CLOSED', 'STORE_UNOPENED', 1],
    ];
    for (const [code, told, exitCode] of cases) {
      const error = dataDirError(new StoreError(code, 'why'), '/data') as DaemonError;
      assert.ok(error instanceof DaemonError, code);
      assert.deepEqual([error.code, error.exitCode], [told, exitCode], code);
    }
    const other = new Error('other');
    assert.equal(dataDirError(other, '/data'), other);
  });
});
