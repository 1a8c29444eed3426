import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../src/daemon/testing.ts';
import { cleanUp } from '../support/clean-up.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const UNIT = join(ROOT, 'deploy/systemd/rangemesh.service');
/** Ten times the exposure that systemd may find. */
const THRESHOLD = 30;

/** The value of a key that stands in the unit once. */
async function settingOf(key: string): Promise<string> {
  const [, value] = new RegExp(`^${key}=(.*)$`, 'm').exec(await readFile(UNIT, 'utf8')) ?? [];
  assert.ok(value !== undefined, key);
  return value;
}

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-unit-'));
  cleanUp(context, () => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Skips the test where systemd is not installed. */
function analyze(context: TestContext, argv: readonly string[]): void {
  const { error, status, stdout, stderr } = spawnSync('systemd-analyze', argv, {
    encoding: 'utf8',
  });
  if (error !== undefined) {
    context.skip('systemd-analyze is not installed');
    return;
  }
  assert.equal(status, 0, stdout.split('\n').slice(-3).join('\n') + stderr);
  assert.equal(stderr, '');
}

describe('the systemd unit', () => {
  it('keeps files private, and is exposed by at most 3.0', async (context) => {
    assert.equal(await settingOf('StateDirectoryMode'), '0700');
    assert.equal(await settingOf('UMask'), '0077');
    const argv = ['security', '--offline=true', `--threshold=${THRESHOLD}`, '--no-pager', UNIT];
    analyze(context, argv);
  });

  it('has no mistake that systemd finds', async (context) => {
    const file = join(await folderOf(context), 'rangemesh.service');
    const unit = await readFile(UNIT, 'utf8');
    await writeFile(file, unit.replaceAll('=/usr/bin/node', `=${process.execPath}`));
    analyze(context, ['verify', '--man=no', file]);
  });

  it('starts the daemon no second time after errors that a start cannot mend', async () => {
    const codes = (await settingOf('RestartPreventExitStatus')).split(' ').map(Number);
    assert.deepEqual(codes, [EXIT.usage, EXIT.dataError, EXIT.corrupt, EXIT.inUse, EXIT.config]);
  });

  it('starts, reloads and stops a daemon with its commands', async (context) => {
    const folder = await folderOf(context);
    const args = ['--admin-port', '0', '--listen', '/ip4/127.0.0.1/tcp/0', '--data-dir', folder];
    const launcher = join(ROOT, 'bin/rangemesh.js');
    const made = spawnSync(process.execPath, [
      launcher,
      'init',
      join(folder, 'rangemesh'),
      ...args,
    ]);
    assert.equal(made.status, 0, String(made.stderr));
    const commandOf = async (key: string) =>
      (await settingOf(key))
        .replace('/usr/bin/node', process.execPath)
        .replace('/opt/rangemesh/', ROOT)
        .replace('%E', folder)
        .split(' ');
    // As systemd does: no shell, and hardly any environment.
    const [program, ...argv] = await commandOf('ExecStart');
    const reload = await commandOf('ExecReload');
    const child = spawn(program!, argv, {
      cwd: folder,
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanUp(context, () => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const events: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const { event } = JSON.parse(line);
      if (event !== undefined) events.push(event);
      if (event === 'started') {
        const { status, stderr } = spawnSync(reload[0]!, reload.slice(1), { env: {} });
        assert.equal(status, 0, String(stderr));
      }
      if (event === 'reloaded') child.kill('SIGTERM');
    }
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(
      events.filter((event) => ['started', 'reloaded', 'stopped'].includes(event)),
      ['started', 'reloaded', 'stopped'],
    );
  });
});
