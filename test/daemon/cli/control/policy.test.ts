import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openStation, run, type Station } from '../terminal.ts';

describe('the check of a configuration with a write policy', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);
  const check = async (key: 'command' | 'module', value: string) => {
    const { exitCode, stderr } = await run(
      ['config', 'check', '--set', `policy.${key}=${value}`, '--set', `node.dataDir=${folder}`],
      { env: { PATH: `${file('bin')}:${file('none')}` }, cwd: folder },
    );
    return { exitCode, stderr };
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rangemesh-policy-'));
    await mkdir(file('bin'));
    for (const name of ['runs', 'bin/found', 'bin/closed'])
      await writeFile(file(name), '#!/bin/sh\n');
    for (const name of ['runs', 'bin/found']) await chmod(file(name), 0o755);
    await chmod(file('bin/closed'), 0o644);
    await writeFile(file('decides.mjs'), 'export default () => [];');
    await writeFile(file('empty.mjs'), 'export const other = 1;');
    await writeFile(file('broken.mjs'), 'throw new Error("broken within");');
  });
  after(() => rm(folder, { recursive: true }));

  it('finds a program by its path, from the data directory on, and by PATH', async () => {
    for (const program of [file('runs'), './runs', 'found']) {
      assert.deepEqual(await check('command', program), { exitCode: 0, stderr: '' });
    }
  });

  it('refuses a program that is not there or not executable, and says what to do', async () => {
    for (const [program, message] of [
      ['./nothing', /policy\.command: .*nothing does not exist; give the absolute path/],
      ['./bin', /bin is no file/],
      ['nothing', /no executable file nothing is in a folder of PATH/],
      ['closed', /no executable file closed/],
    ] as const) {
      const { exitCode, stderr } = await check('command', program);
      assert.equal(exitCode, 78);
      assert.match(stderr, message);
      assert.match(stderr, /\[CONFIG_INVALID\]/);
    }
  });

  it('loads a module, which must have a function as its default export', async () => {
    assert.deepEqual(await check('module', file('decides.mjs')), { exitCode: 0, stderr: '' });
    for (const [name, message] of [
      ['none.mjs', /policy\.module: .*none\.mjs cannot be loaded/],
      ['broken.mjs', /cannot be loaded: broken within/],
      ['empty.mjs', /must have a function as its default export/],
    ] as const) {
      const { exitCode, stderr } = await check('module', file(name));
      assert.equal(exitCode, 78);
      assert.match(stderr, message);
    }
  });
});

describe('doctor', () => {
  let station: Station;
  before(async () => {
    station = await openStation();
  });
  after(() => station.close());

  it('fails where the program of the policy is not there, and names a policy that is', async () => {
    const found = async (name: string) => {
      const env = { RANGEMESH_POLICY_MODULE: join(station.directory, name) };
      const ran = await run(['doctor', ...station.target, '--json'], { env });
      const findings: { check: string; level: string; message: string }[] = ran.json()[0].findings;
      return findings.find(({ check }) => check === 'policy');
    };
    await writeFile(join(station.directory, 'policy.mjs'), 'export default () => [];');
    assert.equal((await found('policy.mjs'))?.level, 'ok');
    const none = await found('none.mjs');
    assert.equal(none?.level, 'fail');
    assert.match(none.message, /cannot be loaded/);
  });
});
