import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanUp } from '../support/clean-up.ts';
import { SeededRandom } from '../support/random.ts';
import { until } from './support/mesh.ts';

const DEMO = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));
const KEYS = [
  'nodes',
  'items',
  'bytes',
  'converged',
  'fingerprint',
  'seconds',
  'received',
  'needed',
  'admin',
];

/**
 * A tree to import, and an empty directory for what the demo keeps; both go with the test. An id
 * depends on content and time of change, and some files are empty: each has a time of its own, so that
 * every file is an item.
 */
async function folders(context: TestContext, files: number) {
  const root = await mkdtemp(join(tmpdir(), 'rangemesh-demo-test-'));
  const [tree, temporary] = [join(root, 'tree'), join(root, 'tmp')];
  cleanUp(context, () => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  await mkdir(temporary);
  const random = new SeededRandom('demo');
  for (let i = 0; i < files; i++) {
    const folder = join(tree, `${i % 20}`);
    await mkdir(folder, { recursive: true });
    const bytes = Math.floor(random.fraction() ** 4 * 60_000);
    const path = join(folder, `${i}`);
    await writeFile(path, random.bytes(bytes));
    await utimes(path, 1_000 + i, 1_000 + i);
  }
  await mkdir(tree, { recursive: true });
  await writeFile(join(tree, 'large'), new Uint8Array(1024 * 1024 + 1));
  return { tree, temporary };
}

/** The demo in a process group of its own, as a terminal has it. */
function startDemo(context: TestContext, temporary: string, args: readonly string[]): ChildProcess {
  const demo = spawn(process.execPath, [DEMO, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  });
  cleanUp(context, () => demo.kill('SIGKILL'));
  return demo;
}

/** Command lines of processes that name `folder`; Linux alone can tell. */
async function processesIn(folder: string): Promise<string[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(folder));
}

async function leftBehind(temporary: string): Promise<unknown[]> {
  return [...(await readdir(temporary)), ...(await processesIn(temporary))];
}

/** Kills a demo that stays up; returns the name of the folder that is left when its daemons are gone. */
async function abandon(context: TestContext, temporary: string): Promise<string> {
  const { tree } = await folders(context, 12);
  const killed = startDemo(context, temporary, ['--tree', tree]);
  const gone = once(killed, 'close');
  for await (const part of killed.stdout!) if (String(part).includes('stay up')) break;
  killed.kill('SIGKILL');
  await gone;
  // Its daemons see that it is gone, and stop as they do for a signal.
  await until(
    () => processesIn(temporary),
    (lines) => lines.length === 0,
  );
  const [folder] = await readdir(temporary);
  return folder!;
}

describe('the demo', () => {
  it('removes the remains of a killed demo, shows how three daemons became equal, and leaves no files', async (context) => {
    const { tree, temporary } = await folders(context, 600);
    const abandoned = await abandon(context, temporary);
    const living = `rangemesh-demo-${process.pid}-x`;
    await mkdir(join(temporary, living));
    const demo = startDemo(context, temporary, ['--once', '--json', '--tree', tree]);
    const [[code], out, err] = await Promise.all([
      once(demo, 'close'),
      text(demo.stdout!),
      text(demo.stderr!),
    ]);
    assert.deepEqual([code, err], [0, '']);
    assert.equal(out.trimEnd().split('\n').length, 1);
    const line = JSON.parse(out);
    assert.deepEqual(Object.keys(line), KEYS);
    assert.deepEqual([line.nodes, line.converged, line.admin.length], [3, true, 3]);
    assert.equal(line.items, 600);
    assert.match(line.fingerprint, /^[0-9a-f]{64}$/);
    assert.ok(line.needed > 0 && line.received >= line.needed);
    assert.ok(line.received <= 1.05 * line.needed, `${line.received} of ${line.needed}`);
    assert.match(abandoned, /^rangemesh-demo-/);
    assert.deepEqual(await leftBehind(temporary), [living]);
  });

  it('says what is wrong with its arguments, and exits with 64', async (context) => {
    const { temporary } = await folders(context, 0);
    const demo = startDemo(context, temporary, ['--bogus']);
    const [[code], out, err] = await Promise.all([
      once(demo, 'close'),
      text(demo.stdout!),
      text(demo.stderr!),
    ]);
    assert.deepEqual([code, out], [64, '']);
    assert.match(err, /^demo: Unknown option '--bogus'.*\n\nUsage: npm run demo/);
  });

  it('reports an interrupt during the import, exits with 130, and leaves no files', async (context) => {
    const { tree, temporary } = await folders(context, 600);
    const demo = startDemo(context, temporary, ['--once', '--tree', tree]);
    const closed = once(demo, 'close');
    const err = text(demo.stderr!);
    let out = '';
    demo.stdout!.setEncoding('utf8').on('data', (part) => {
      const before = out;
      out += part;
      // As Ctrl-C does: to the whole group; and twice, as one does.
      if (before.includes('daemons up') || !out.includes('daemons up')) return;
      process.kill(-demo.pid!, 'SIGINT');
      process.kill(-demo.pid!, 'SIGINT');
    });
    const [code] = await closed;
    assert.equal(code, 130);
    assert.equal(await err, 'demo: called off\n');
    assert.doesNotMatch(out, /imported/);
    assert.deepEqual(await leftBehind(temporary), []);
  });
});
