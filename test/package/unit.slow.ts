// Slow, since strace holds up each system call.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { cleanUp } from '../support/clean-up.ts';
import { ROOT } from './support/pack.ts';

const run = promisify(execFile);
const UNIT = join(ROOT, 'deploy/systemd/rangemesh.service');

/** The calls of each group that systemd knows, such as `@privileged`. */
async function groups(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const { stdout } = await run('systemd-analyze', ['syscall-filter', '--no-pager']);
  let members: string[] = [];
  for (const line of stdout.split('\n')) {
    const [, name, member] = /^(@[\w-]+)|^ {4}(@?[\w-]+)$/.exec(line) ?? [];
    if (name !== undefined) {
      members = [];
      found.set(name, members);
    }
    if (member !== undefined) members.push(member);
  }
  return found;
}

/** The calls that the filter of the unit lets through; the group @default always passes. */
async function allowed(): Promise<Set<string>> {
  const all = await groups();
  const callsOf = (name: string): string[] =>
    name.startsWith('@') ? all.get(name)!.flatMap(callsOf) : [name];
  const calls = new Set<string>();
  const lines = (await readFile(UNIT, 'utf8')).matchAll(/^SystemCallFilter=(~?)(.*)$/gm);
  for (const [, not, names] of lines) {
    for (const call of names!.split(' ').flatMap(callsOf)) {
      if (not === '~') calls.delete(call);
      else calls.add(call);
    }
  }
  for (const call of callsOf('@default')) calls.add(call);
  return calls;
}

it('a daemon makes no system call that the systemd unit forbids', async (context) => {
  for (const program of ['strace', 'systemd-analyze']) {
    if (spawnSync(program, ['--version']).error === undefined) continue;
    context.skip(`${program} is not installed`);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-calls-'));
  cleanUp(context, () => rm(folder, { recursive: true, force: true }));
  const rangemesh = [process.execPath, join(ROOT, 'bin/rangemesh.js')] as const;
  const config = ['--config', join(folder, 'node/rangemesh.yaml')];
  const places = ['--admin-port', '0', '--listen', '/ip4/0.0.0.0/tcp/0', '--access', 'list'];
  await run(rangemesh[0], [rangemesh[1], 'init', join(folder, 'node'), ...places]);
  await writeFile(join(folder, 'payload'), 'an item');

  const trace = join(folder, 'trace');
  const argv = [
    '-f',
    '-q',
    '-o',
    trace,
    ...rangemesh,
    'start',
    ...config,
    '--set',
    'network.mdns=true',
  ];
  const child = spawn('strace', argv, {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // The whole group, since the daemon outlives strace.
  cleanUp(context, () => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    if (JSON.parse(line).event !== 'started') continue;
    const put = [rangemesh[1], 'put', ...config, join(folder, 'payload')];
    await run(rangemesh[0], put);
    // A signal to strace would leave the daemon running.
    const { pid } = JSON.parse(await readFile(join(folder, 'node/data/admin.json'), 'utf8'));
    process.kill(pid, 'SIGTERM');
  }
  assert.deepEqual(await exited, [0, null]);
  const calls = (await readFile(trace, 'utf8')).matchAll(
    /^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)/gm,
  );
  const used = new Set([...calls].map(([, call]) => call!));
  assert.ok(used.size > 50, `${used.size} calls`);
  const passes = await allowed();
  const forbidden = [...used].filter((call) => !passes.has(call));
  assert.deepEqual(forbidden, []);
});
