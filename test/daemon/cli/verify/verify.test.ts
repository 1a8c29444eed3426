import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  keepFilesPrivate,
  systemClock,
  systemWitness,
} from '../../../../src/daemon/system/index.ts';
import { openDatabase, Replica } from '../../../../src/store/index.ts';
import { compact } from '../../../support/broken-block.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { corruptPayload, dropNode, seed } from '../../../support/damage.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { startAdminOn } from '../../admin/running-admin.ts';
import { run } from '../terminal.ts';

async function seeded(context: TestContext, count = 500): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-verify-'));
  cleanUp(context, () => rm(directory, { recursive: true, force: true }));
  await seed(directory, count);
  return directory;
}

/** Opens the set as a daemon does, with an admin endpoint that is found through the directory. */
async function serve(context: TestContext, directory: string): Promise<void> {
  const replica = await Replica.open({
    open: () => openDatabase(join(directory, 'db')),
    clock: systemClock,
    disk: new FakeDisk(),
  });
  const { admin, node } = await startAdminOn(directory);
  cleanUp(context, () => admin.close().then(() => replica.close()));
  node.verify = (options) => replica.verify(options);
}

describe('rangemesh verify', () => {
  it('reads a stopped directory itself', async (context) => {
    const directory = await seeded(context);
    const words = await run(['verify', '--data-dir', directory], { tty: true });
    assert.equal(words.exitCode, 0, words.stderr);
    assert.match(words.stdout, /^clean: 500 items, .* 0 in quarantine\n$/);
    const { exitCode, stderr, json } = await run(['verify', '--data-dir', directory, '--json']);
    assert.deepEqual([exitCode, stderr], [0, '']);
    const [result, ...rest] = json();
    assert.deepEqual(rest, []);
    assert.deepEqual([result.ok, result.items, result.problems], [true, 500, []]);
  });

  it('leaves files for their owner alone, whatever the umask', async (context) => {
    const directory = await seeded(context);
    const umask = process.umask(0o022);
    cleanUp(context, () => void process.umask(umask));
    const before = new Set(await readdir(join(directory, 'db')));
    const { exitCode } = await run(['verify', '--data-dir', directory], { keepFilesPrivate });
    assert.equal(exitCode, 0);
    const fresh = (await readdir(join(directory, 'db'))).filter((name) => !before.has(name));
    assert.ok(fresh.length > 0);
    for (const name of fresh) {
      assert.equal((await stat(join(directory, 'db', name))).mode & 0o077, 0, name);
    }
  });

  it('lists the damage, and exits with 74', async (context) => {
    const directory = await seeded(context);
    const key = await corruptPayload(directory);
    const words = await run(['verify', '--data-dir', directory]);
    assert.equal(words.exitCode, 74);
    assert.match(
      words.stdout,
      new RegExp(`^damaged: 1 problem in 500 items.*\\n  ITEM_DAMAGED  ${key}  `),
    );
    await dropNode(directory);
    const { exitCode, json } = await run(['verify', '--data-dir', directory, '--json']);
    assert.equal(exitCode, 74);
    const [{ ok, problems }] = json();
    const codes = problems.map((problem: { code: string }) => problem.code);
    assert.equal(ok, false);
    assert.ok(codes.includes('INDEX') && codes.includes('ITEM_DAMAGED'), codes.join());
  });

  it('reports commits that were on disk and are gone', async (context) => {
    const directory = await seeded(context);
    const witness = systemWitness(join(directory, 'commit'));
    witness.write(9_000);
    witness.close();
    const { exitCode, json } = await run(['verify', '--data-dir', directory, '--json']);
    assert.equal(exitCode, 74);
    const [{ problems }] = json();
    assert.deepEqual([problems.length, problems[0].code], [1, 'COMMITS_LOST']);
    assert.match(problems[0].message, /up to 9000 were on disk.*start the daemon on it/);
  });

  it('asks the daemon that has the directory', async (context) => {
    const directory = await seeded(context);
    const key = await corruptPayload(directory);
    await serve(context, directory);
    const { exitCode, stdout, stderr } = await run(['verify', '--data-dir', directory]);
    assert.deepEqual([exitCode, stderr], [74, '']);
    assert.match(stdout, new RegExp(key));
  });

  it('exits with 69 when no daemon answers and there is no database', async (context) => {
    const directory = await seeded(context, 1);
    const nothing = await run(['verify', '--data-dir', join(directory, 'none')]);
    assert.equal(nothing.exitCode, 69);
    assert.match(nothing.stderr, /there is no database at .*NO_DATABASE/);
    assert.equal((await run(['verify', '--url', 'http://127.0.0.1:1'])).exitCode, 69);
    const database = await openDatabase(join(directory, 'db'));
    cleanUp(context, () => database.close());
    const locked = await run(['verify', '--data-dir', directory]);
    assert.equal(locked.exitCode, 69);
    assert.match(locked.stderr, /ADMIN_UNREACHABLE/);
  });

  it('says what to do about another schema, which is no damage', async (context) => {
    const directory = await seeded(context, 1);
    const verified = async (schema: number) => {
      const database = await openDatabase(join(directory, 'db'));
      const key = new TextEncoder().encode('meta/schema');
      await database.put(key, new Uint8Array([0, 0, 0, schema]));
      await database.close();
      return run(['verify', '--data-dir', directory]);
    };
    const newer = await verified(9);
    assert.equal(newer.exitCode, 78);
    assert.match(newer.stderr, /has schema 9.*run a version that knows it.*UNSUPPORTED_SCHEMA/);
    const older = await verified(1);
    assert.equal(older.exitCode, 78);
    assert.match(older.stderr, /has schema 1.*start the daemon on it once.*UNSUPPORTED_SCHEMA/);
  });

  it('exits with 74 when LevelDB cannot read its own files', async (context) => {
    const directory = await seeded(context, 1);
    const names = await readdir(join(directory, 'db'));
    const manifest = names.find((name) => name.startsWith('MANIFEST'))!;
    await writeFile(join(directory, 'db', manifest), 'nonsense');
    const { exitCode, stdout, stderr } = await run(['verify', '--data-dir', directory]);
    assert.deepEqual([exitCode, stdout], [74, ''], stderr);
    await rm(join(directory, 'db', 'CURRENT'));
    assert.equal((await run(['verify', '--data-dir', directory])).exitCode, 74);
  });

  it('does not open a database with a damaged table, and names the table', async (context) => {
    const directory = await seeded(context);
    await compact(join(directory, 'db'));
    const table = (await readdir(join(directory, 'db'))).find((name) => name.endsWith('.ldb'));
    const path = join(directory, 'db', table!);
    const bytes = await readFile(path);
    bytes.fill(0, 0, 4_096);
    await writeFile(path, bytes);
    const { exitCode, stdout, stderr } = await run(['verify', '--data-dir', directory]);
    assert.deepEqual([exitCode, stdout], [74, ''], stderr);
    assert.match(stderr, new RegExp(`${table} has \\d+ damaged blocks .*: start the daemon on it`));
    assert.deepEqual(await readFile(path), bytes, 'nothing is changed');
  });
});
