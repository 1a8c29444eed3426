// Slow, since npm installs the package and a Node for each version.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { cleanUp } from '../support/clean-up.ts';
import { pack } from './support/pack.ts';

const run = promisify(execFile);
/** The oldest that `engines` lets in, the lines with long support, and the newest line. */
const VERSIONS = ['22.18.0', '22.23.3', manifest.devDependencies.node, '26.9.0'];
const CONSUMER = `
import { startDaemon } from 'rangemesh';
import { AdminClient } from 'rangemesh/client';
import { nativeDialect } from 'rangemesh/protocol';
import { libp2pNetwork } from 'rangemesh/protocol/libp2p';
import { openDatabase } from 'rangemesh/store';
for (const door of [startDaemon, AdminClient, nativeDialect, libp2pNetwork, openDatabase]) console.log(typeof door);
`;

async function install(folder: string, what: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--no-audit', '--no-fund', what], { cwd: folder });
}

/** A line of the log, once it has come. */
async function logged(child: ChildProcess, event: string): Promise<{ admin: string }> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const entry = JSON.parse(line);
    if (entry.event === event) return entry;
  }
  throw new Error(`the daemon ended without ${event}`);
}

describe('the package, installed from its archive into an empty folder', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rangemesh-install-'));
    await install(join(folder, 'user'), await pack(folder));
    await writeFile(join(folder, 'user', 'consumer.mjs'), CONSUMER);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const version of VERSIONS) {
    describe(`on Node ${version}`, () => {
      const node = () => join(folder, version, 'node_modules', nodePackage(), 'bin', 'node');
      const launcher = () => join(folder, 'user/node_modules/rangemesh/bin/rangemesh.js');
      const rangemesh = async (...argv: string[]): Promise<string> =>
        (await run(node(), [launcher(), ...argv], { cwd: folder })).stdout;

      before(() => install(join(folder, version), `${nodePackage()}@${version}`));

      it('tells its version, and lends a program its doors', async () => {
        assert.equal((await run(node(), ['--version'])).stdout, `v${version}\n`);
        assert.equal(await rangemesh('--version'), `${manifest.version}\n`);
        const { stdout, stderr } = await run(node(), [join(folder, 'user', 'consumer.mjs')]);
        assert.deepEqual([stdout, stderr], ['function\n'.repeat(5), '']);
      });

      it('makes a node, puts and gets an item, stops, and holds the item after a restart', async (context) => {
        const at = join(folder, version, 'mesh');
        const config = ['--config', join(at, 'rangemesh.yaml')];
        await rangemesh('init', at, '--admin-port', '0', '--listen', '/ip4/127.0.0.1/tcp/0');
        const payload = `an item of Node ${version}`;
        await writeFile(join(folder, 'payload'), payload);
        let id = '';
        for (const turn of ['first', 'second']) {
          const child = spawn(node(), [launcher(), 'start', ...config], {
            stdio: ['ignore', 'pipe', 'inherit'],
          });
          cleanUp(context, () => void child.kill('SIGKILL'));
          const exited = once(child, 'exit');
          await logged(child, 'started');
          child.stdout.resume();
          if (turn === 'first') {
            id = (await rangemesh('put', ...config, join(folder, 'payload'))).trim();
          }
          assert.equal(await rangemesh('get', ...config, id), payload);
          child.kill('SIGTERM');
          assert.deepEqual(await exited, [0, null]);
        }
      });
    });
  }

  it('has a single dependency with an install script, which need not run', async () => {
    const lock = JSON.parse(
      await readFile(join(folder, 'user/node_modules/.package-lock.json'), 'utf8'),
    );
    const all = Object.entries<{ hasInstallScript?: boolean }>(lock.packages);
    const names = all.filter(([, each]) => each.hasInstallScript).map(([name]) => name);
    // It compiles where no binary fits the machine, and does nothing elsewhere.
    assert.deepEqual(names, ['node_modules/classic-level']);
  });
});

/** The package of npm that holds Node itself for this machine, without a script that fetches it. */
function nodePackage(): string {
  return `node-${platform() === 'win32' ? 'win' : platform()}-${arch()}`;
}
