import assert from 'node:assert/strict';
import { chmod, utimes, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { cleanUp } from '../../../support/clean-up.ts';
import { openStation, type Ran, run } from '../terminal.ts';

interface Found {
  readonly check: string;
  readonly level: string;
  readonly message: string;
  readonly advice: string | null;
}

async function station(context: TestContext) {
  const opened = await openStation();
  cleanUp(context, () => opened.close());
  await chmod(opened.directory, 0o700);
  await writeFile(join(opened.directory, 'identity.key'), 'x', { mode: 0o600 });
  await chmod(join(opened.directory, 'admin.token'), 0o600);
  return opened;
}

const findings = ({ json }: Ran): Found[] => json()[0].findings;
const troubles = (ran: Ran) =>
  findings(ran)
    .filter(({ level }) => level !== 'ok')
    .map(({ level, check }) => `${level} ${check}`);

describe('doctor', { skip: process.platform === 'win32' }, () => {
  it('finds nothing wrong with a healthy node, and exits with 0', async (context) => {
    const { node, target } = await station(context);
    node.judgement = { state: 'in-sync', reason: 'equal', lagSeconds: 0 };
    const ran = await run(['doctor', ...target, '--json']);
    assert.deepEqual([ran.exitCode, troubles(ran)], [0, []]);
    const checks = new Set(findings(ran).map(({ check }) => check));
    for (const check of ['configuration', 'secrets', 'disk room', 'disk speed', 'clock', 'daemon'])
      assert.ok(checks.has(check), check);
    const text = await run(['doctor', ...target]);
    assert.match(text.stdout, /^ok {4}daemon +runs, version 0\.0\.0; in-sync: equal$/m);
  });

  it('says what to do about open modes and a clock that was set back', async (context) => {
    const { directory, target, node } = await station(context);
    node.judgement = { state: 'in-sync', reason: 'equal', lagSeconds: 0 };
    await chmod(directory, 0o755);
    await chmod(join(directory, 'identity.key'), 0o644);
    const later = Date.now() / 1_000 + 3_600;
    await utimes(join(directory, 'admin.token'), later, later);
    const ran = await run(['doctor', ...target, '--json']);
    assert.equal(ran.exitCode, 0, 'warnings alone');
    assert.deepEqual(troubles(ran), ['warn data directory', 'warn secrets', 'warn clock']);
    assert.ok(findings(ran).every(({ level, advice }) => (level === 'ok') === (advice === null)));
  });

  it('fails for peers that cannot work, each with what to do', async (context) => {
    const { node, target } = await station(context);
    node.judgement = { state: 'behind', reason: 'twins', lagSeconds: null };
    node.dialled.push('/ip4/192.0.2.1/tcp/1');
    const { peers } = node;
    const lastError = { code: 'SAME_IDENTITY', message: 'two nodes', at: '' };
    node.peers = () => peers.call(node).map((peer) => ({ ...peer, lastError }));
    const ran = await run(['doctor', ...target, '--json']);
    assert.equal(ran.exitCode, 69);
    assert.deepEqual(troubles(ran), ['warn daemon', 'fail peers']);
    assert.match(findings(ran).at(-1)!.advice!, /move its identity\.key away/);
  });

  it('works without a daemon: then it connects to the peers itself', async (context) => {
    const opened = await station(context);
    const { admin, directory } = opened;
    await admin.close();
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    cleanUp(context, () => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const file = join(opened.scratch, 'r.yaml');
    const config = (at: number) =>
      `node: {dataDir: ${directory}}\nnetwork: {peers: [/ip4/127.0.0.1/tcp/${at}]}\n`;
    await writeFile(file, config(port));
    const up = await run(['doctor', '--config', file, '--json']);
    assert.match(findings(up).at(-1)!.message, /takes connections/);
    await new Promise((resolve) => server.close(resolve));
    const down = await run(['doctor', '--config', file, '--json']);
    assert.equal(down.exitCode, 69);
    assert.match(findings(down).at(-1)!.message, /cannot be reached: ECONNREFUSED/);
  });

  it('checks nothing else where the configuration is wrong', async () => {
    const ran = await run(['doctor', '--json'], { env: { RANGEMESH_ADMIN_PORT: 'x' } });
    assert.deepEqual([ran.exitCode, troubles(ran)], [78, ['fail configuration']]);
  });

  it('says that a data directory is not there yet', async (context) => {
    const { scratch } = await station(context);
    const ran = await run(['doctor', '--data-dir', join(scratch, 'new'), '--json']);
    assert.equal(ran.exitCode, 0);
    assert.deepEqual(troubles(ran), ['warn data directory', 'warn daemon']);
  });
});
