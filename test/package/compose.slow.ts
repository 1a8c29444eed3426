// Slow, since it runs three daemons and Prometheus as the compose file does.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { cleanUp } from '../support/clean-up.ts';
import { ROOT } from './support/pack.ts';

const run = promisify(execFile);
const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child'];
const HOSTS = '127.0.0.1 localhost\n127.0.0.2 a\n127.0.0.3 b\n127.0.0.4 c\n';

function isAble(): boolean {
  const argv = [...NAMESPACES, 'sh', '-c', 'ip link set lo up && which prometheus'];
  return spawnSync('unshare', argv).status === 0;
}

it('the nodes of the compose file find each other, and Prometheus reads them', async (context) => {
  if (!isAble()) {
    context.skip('no namespaces or no Prometheus here');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-composed-'));
  cleanUp(context, () => rm(folder, { recursive: true, force: true }));
  const keygen = [
    join(ROOT, 'bin/rangemesh.js'),
    'keygen',
    'psk',
    '--out',
    join(folder, 'mesh.psk'),
  ];
  await run(process.execPath, keygen);
  const token = randomBytes(32).toString('hex');
  await writeFile(join(folder, 'admin.token'), token, { mode: 0o600 });
  await writeFile(join(folder, 'hosts'), HOSTS);
  const script = 'mount --bind "$1/hosts" /etc/hosts; ip link set lo up; exec "$2" "$3" "$1"';
  const composed = join(ROOT, 'test/package/support/composed.ts');
  const argv = [...NAMESPACES, 'sh', '-euc', script, 'sh', folder, process.execPath, composed];
  const { stdout } = await run('unshare', argv);
  assert.deepEqual(JSON.parse(stdout), {
    ...{ held: [1, 1, 1], up: ['1', '1', '1'] },
    ...{ groups: 1, withoutToken: 401 },
  });
});
