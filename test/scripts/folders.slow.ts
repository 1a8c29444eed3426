import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../../scripts/support/folders.ts';
import { within } from '../support/within.ts';

const FOLDERS = new URL('../../scripts/support/folders.ts', import.meta.url).href;
/** Makes a folder in the one it is given, says its name, and stays. */
const SCRIPT = `
  const { lastingFolder, temporaryFolder } = await import(${JSON.stringify(FOLDERS)});
  const make = process.argv[2] === 'keep' ? lastingFolder : temporaryFolder;
  const folder = make('probe', process.argv[1]);
  (await import('node:fs')).writeFileSync(folder + '/file', 'x');
  console.log(folder);
  if (process.argv[2] === 'stay') setInterval(() => undefined, 1_000);
`;

describe('temporary folders of scripts and benchmarks', () => {
  const children: ChildProcess[] = [];
  const bases: string[] = [];
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const base of bases) await rm(base, { recursive: true, force: true });
  });

  async function start(how: 'stay' | 'end' | 'keep') {
    const base = await mkdtemp(join(tmpdir(), 'folders-test-'));
    bases.push(base);
    const args = ['--input-type=module', '-e', SCRIPT, base, how];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const ended = once(child, 'exit');
    const [said] = await within(once(child.stdout!, 'data'), 'the name of the folder');
    return {
      base,
      child,
      ended: () => within(ended, 'the end of the process'),
      folder: String(said).trim(),
    };
  }

  it('are gone when the process ends, also by a signal', async () => {
    const { folder, ended } = await start('end');
    await ended();
    assert.equal(existsSync(folder), false);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { child, folder, ended } = await start('stay');
      assert.equal(existsSync(join(folder, 'file')), true);
      child.kill(signal);
      assert.deepEqual(await ended(), [null, signal]);
      assert.equal(existsSync(folder), false, signal);
    }
  });

  it('of a process that was killed are removed by the next, and those of living ones stay', async () => {
    const { base, child, folder, ended } = await start('stay');
    const strange = join(base, 'probe-x');
    mkdirSync(strange);
    writeFileSync(join(strange, 'file'), 'x');
    makeFolder('probe', base);
    assert.equal(existsSync(folder), true, 'it lives');
    child.kill('SIGKILL');
    await ended();
    assert.equal(existsSync(folder), true);
    makeFolder('probe', base);
    assert.equal(existsSync(folder), false);
    assert.equal(existsSync(strange), true, 'no process is named');
  });

  it('stay for good where they are asked for', async () => {
    const { base, folder, ended } = await start('keep');
    await ended();
    makeFolder('probe', base);
    assert.equal(existsSync(folder), true);
  });

  it('of a killed run of the crash suite is removed by the next run', async () => {
    const { base, child, ended } = await start('end');
    await ended();
    mkdirSync(join(base, `rangemesh-crash-${child.pid}-x`));
    const path = fileURLToPath(new URL('../crash/main.ts', import.meta.url));
    const env = { ...process.env, TMPDIR: base };
    const run = spawn(process.execPath, [path, '--rounds', '0'], { stdio: 'ignore', env });
    children.push(run);
    assert.deepEqual(await within(once(run, 'exit'), 'the end of the run'), [0, null]);
    assert.deepEqual(await readdir(base), []);
  });
});
