import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ALLOCATOR, V8_FLAGS } from '../../../scripts/support/v8-flags.ts';

const LAUNCHER = fileURLToPath(new URL('../../../bin/rangemesh.js', import.meta.url));
const VERSION = /^\d+\.\d+\.\d+.*\n$/;

describe('launcher', () => {
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rangemesh-launcher-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const launch = (
    script: string,
    argv: string[],
    node = process.execPath,
    flags: string[] = [],
    set: Record<string, string> = {},
  ) => {
    const env = { ...process.env, ...set };
    return spawnSync(node, [...flags, script, ...argv], { cwd: directory, encoding: 'utf8', env });
  };

  /** A package with the launcher and a main of its own, in src or dist. */
  async function install(name: string, files: Record<string, string>): Promise<string> {
    const root = join(directory, name);
    await mkdir(join(root, 'bin'), { recursive: true });
    await writeFile(join(root, 'package.json'), '{"type":"module"}');
    await cp(LAUNCHER, join(root, 'bin', 'rangemesh.js'));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), content);
    }
    return join(root, 'bin', 'rangemesh.js');
  }

  const says = (word: string) => `process.stdout.write('${word}');\n`;

  it('runs the clone from any directory, and through a link', async () => {
    const { status, stdout, stderr } = launch(LAUNCHER, ['--version']);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, VERSION);
    const link = join(directory, 'rangemesh');
    await symlink(LAUNCHER, link);
    assert.match(launch(link, ['--version']).stdout, VERSION);
  });

  it('prefers the sources, and runs the build where there are none', async () => {
    const main = { 'src/daemon/main.ts': says('src'), 'dist/daemon/main.js': says('dist') };
    assert.equal(launch(await install('both', main), []).stdout, 'src');
    const built = { 'dist/daemon/main.js': says('dist') };
    assert.equal(launch(await install('built', built), []).stdout, 'dist');
  });

  it('sets the young generation of a daemon, unless it is given', async () => {
    const shown = 'process.stdout.write(JSON.stringify(process.execArgv));\n';
    const script = await install('young', { 'src/daemon/main.ts': shown });
    const flags = (argv: string[], ...given: string[]) =>
      JSON.parse(launch(script, argv, process.execPath, given).stdout);
    if (process.platform !== 'win32') {
      assert.deepEqual(flags(['start']), V8_FLAGS);
      const warnings = '--no-warnings';
      assert.deepEqual(flags(['start', '--config', 'x'], warnings), [...V8_FLAGS, warnings]);
    }
    assert.deepEqual(flags(['status']), []);
    const own = '--max-semi-space-size=16';
    assert.deepEqual(flags(['start'], own), [own]);
  });

  it('sets the allocator of a daemon, unless it is given', async () => {
    const shown = 'process.stdout.write(JSON.stringify(process.env));\n';
    const script = await install('allocator', { 'src/daemon/main.ts': shown });
    const environment = (argv: string[]) => JSON.parse(launch(script, argv).stdout);
    const set = environment(['start']);
    const names = Object.keys(ALLOCATOR);
    if (process.platform === 'win32') return;
    assert.deepEqual(Object.fromEntries(names.map((name) => [name, set[name]])), ALLOCATOR);
    assert.equal(environment(['status']).MALLOC_ARENA_MAX, process.env.MALLOC_ARENA_MAX);
    const own = await install('own', {
      'src/daemon/main.ts': 'process.stdout.write(process.env.MALLOC_ARENA_MAX);\n',
    });
    assert.equal(
      launch(own, ['start'], process.execPath, [], { MALLOC_ARENA_MAX: '7' }).stdout,
      '7',
    );
  });

  it('reports a missing module of the sources', async () => {
    const main = {
      'src/daemon/main.ts': "import './gone.ts';\n",
      'dist/daemon/main.js': says('dist'),
    };
    const { status, stdout, stderr } = launch(await install('torn', main), []);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /gone\.ts/);
  });

  it('separates supported versions of Node from others', async () => {
    const script = await install('versions', { 'src/daemon/main.ts': says('ran') });
    const under = async (version: string) => {
      const preload = join(directory, 'version.cjs');
      await writeFile(
        preload,
        `Object.defineProperty(process, 'version', { value: '${version}' });\n`,
      );
      return launch(script, [], process.execPath, ['--require', preload]);
    };
    for (const version of ['v22.18.0', 'v22.99.1', 'v23.6.0', 'v24.0.0', 'v101.0.0-nightly1']) {
      assert.equal((await under(version)).stdout, 'ran', version);
    }
    for (const version of ['v0.12.18', 'v18.20.8', 'v20.20.2', 'v21.7.3', 'v22.17.1', 'v23.5.0']) {
      const { status, stdout, stderr } = await under(version);
      assert.deepEqual([status, stdout], [78, ''], version);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
      assert.ok(stderr.includes(version) && stderr.includes('22.18'), stderr);
    }
  });

  it('refuses a very old Node in one line', (test) => {
    const node = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
      const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
      return /^v(1\d|20|21)\./.test(stdout ?? '');
    });
    if (node === undefined) return test.skip('no old Node on this machine');
    const { status, stdout, stderr } = launch(LAUNCHER, ['status'], node);
    assert.deepEqual([status, stdout], [78, '']);
    assert.match(
      stderr,
      /^rangemesh: Node\.js v\d+\.\d+\.\d+ is too old; install 22\.18.* \[NODE_TOO_OLD\]\n$/,
    );
  });

  it('ends silently when its reader has gone', { skip: process.platform === 'win32' }, () => {
    const command = `"${process.execPath}" "${LAUNCHER}" import --help | true; exit \${PIPESTATUS[0]}`;
    const { status, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    assert.ok(status === 141 || status === 0, `${status}`);
    assert.equal(stderr, '');
  });
});
