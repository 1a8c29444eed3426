// Slow, since it makes a clean Debian and has npm install the package there.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { makeBaseRoot } from '../../scripts/prove-image/base-root.ts';
import { network, PATH } from '../../scripts/prove-image/build.ts';
import { call, isolated, outputOf } from '../../scripts/prove-image/shell.ts';
import { cleanUp } from '../support/clean-up.ts';
import { pack, ROOT } from './support/pack.ts';

/** The commands of the docs, but for those to systemd itself. */
async function commandsOf(heading: string): Promise<string> {
  const [, section = ''] = (await readFile(join(ROOT, 'docs/operations.md'), 'utf8')).split(
    `\n### ${heading}\n`,
  );
  const [, commands = ''] = /^```sh\n(.*?)^```$/ms.exec(section) ?? [];
  const lines = commands.split('\n').filter((line) => !line.startsWith('systemctl '));
  assert.ok(lines.length > 5, heading);
  return lines.join('\n');
}

it('the commands of the docs install the systemd unit in a clean Debian, and its command runs there', async (context) => {
  if (process.getuid?.() !== 0 || spawnSync('mmdebstrap', ['--version']).error !== undefined) {
    context.skip('no root, or no mmdebstrap here');
    return;
  }
  const work = await mkdtemp(join(tmpdir(), 'rangemesh-installed-'));
  cleanUp(context, () => rm(work, { recursive: true, force: true }));
  const root = join(work, 'debian');
  makeBaseRoot(root, work, manifest.devDependencies.node);
  await symlink('/usr/local/bin/node', join(root, 'usr/bin/node'));
  const archive = await pack(work);
  await copyFile(archive, join(root, 'root', basename(archive)));

  const admin = { root, directory: '/root', user: '0:0' };
  const env = { PATH, HOME: '/root', ...network(root) };
  const commands = await commandsOf('systemd');
  call('unshare', ...isolated({ ...admin, env }), 'sh', '-euc', commands);

  const unit = await readFile(join(root, 'etc/systemd/system/rangemesh.service'), 'utf8');
  const [, start = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  const [program = '', ...argv] = start.replace('%E', '/etc').split(' ');
  const user = outputOf('chroot', root, 'id', '--user', 'rangemesh').trim();
  const service = { root, directory: '/var/lib/rangemesh', user: `${user}:${user}`, env: {} };
  const child = spawn('unshare', [...isolated(service), program, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp(context, () => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const codes: unknown[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, code } = JSON.parse(line);
    if (code !== undefined) codes.push(code);
    if (event !== 'started') continue;
    const [first = ''] = outputOf('pgrep', '--parent', String(child.pid)).split('\n');
    process.kill(Number(first), 'SIGTERM');
  }
  assert.deepEqual(await exited, [0, null]);
  assert.deepEqual(codes, [], 'no warning, such as of modes');
});
