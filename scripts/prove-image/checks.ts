import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltStage } from './build.ts';
import { Container } from './container.ts';
import { inside, outputOf } from './shell.ts';

const LAUNCHER = ['node', 'bin/rangemesh.js'];
const PAYLOAD = 'an item of the image\n';
/** docker stop kills after ten seconds. */
const MAX_STOP_MS = 10_000;

interface Locked {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly optional?: boolean }>
  >;
}

/** All packages of the lock file that run, and no others. */
export function checkDependencies({ root, directory }: BuiltStage, lock: Locked): string {
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '');
  const isThere = (path: string): boolean => existsSync(join(root, directory, path));
  const running = entries.filter(([, { dev, optional }]) => !dev && !optional);
  for (const [path] of running) assert.ok(isThere(path), `${path} is missing`);
  for (const [path, { dev }] of entries) assert.ok(!dev || !isThere(path), `${path} is there`);
  return `${running.length} packages of the lock file are there, and no dependency of development`;
}

/** The user of the image can write to its data alone. */
export function checkOwner({ root, user, directory }: BuiltStage): string {
  assert.notEqual(user.split(':')[0], '0');
  // Directories that the user cannot even read are reported as errors.
  const find = `find ${directory} /usr /etc -writable -not -type l 2> /dev/null || true`;
  const writable = outputOf('chroot', `--userspec=${user}`, root, 'sh', '-c', find);
  assert.equal(writable, '');
  assert.equal(outputOf('stat', '--format=%u:%g %a', join(root, 'data')).trim(), `${user} 700`);
  return `the image runs as ${user}, to whom only /data belongs`;
}

/** Starts, probes and stops the daemon twice; an item outlives the first run. */
export async function checkRuns(stage: BuiltStage): Promise<string> {
  let id = '';
  let longest = 0;
  for (const turn of ['first', 'second']) {
    const container = await Container.start(stage);
    try {
      const [pid] = container
        .execute(['sh', '-c', 'tr "\\0" " " < /proc/1/cmdline'])
        .toString()
        .split(' ');
      assert.equal(pid, stage.entrypoint[0], 'Node is process 1');
      container.execute(stage.healthcheck);
      if (turn === 'first')
        id = container
          .execute([...LAUNCHER, 'put'], PAYLOAD)
          .toString()
          .trim();
      assert.equal(container.execute([...LAUNCHER, 'get', id]).toString(), PAYLOAD);
      const { code, ms } = await container.stop();
      assert.equal(code, 0);
      longest = Math.max(longest, ms);
    } finally {
      container.kill();
    }
  }
  assert.ok(longest < MAX_STOP_MS, `a stop took ${longest} ms`);
  return `process 1 starts, passes its health check, and ends with 0 within ${longest} ms of SIGTERM; an item outlives it`;
}

/** The image holds the version of the clone. */
export function checkVersion(stage: BuiltStage): string {
  const { root, directory, entrypoint } = stage;
  const [program = '', ...argv] = [...inside(stage), ...entrypoint, '--version'];
  const file = join(root, directory, 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(outputOf(program, ...argv).trim(), version);
  return `rangemesh ${version} on Node ${outputOf('chroot', root, 'node', '--version').trim()}`;
}
