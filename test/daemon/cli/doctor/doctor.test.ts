import assert from 'node:assert/strict';
import { chmod, utimes, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { PeerStatus } from '../../../../src/daemon/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { openStation, type Ran, run } from '../terminal.ts';

const START = '2026-01-01T00:00:00.000Z';

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

  it('fails for a wanted peer that no waiting mends, also while it is connected', async (context) => {
    const { node, target } = await station(context);
    node.judgement = { state: 'in-sync', reason: 'equal', lagSeconds: 0 };
    node.dialled.push('/ip4/192.0.2.1/tcp/1');
    const [peer] = node.peers();
    const speaks = { networks: ['far'], dialects: ['native/1'] };
    const ask = async (facts: Partial<PeerStatus>) => {
      node.peers = () => [{ ...peer!, ...facts }];
      const ran = await run(['doctor', ...target, '--json']);
      const { level, message, advice } = findings(ran).at(-1)!;
      return { exitCode: ran.exitCode, level, message, advice };
    };
    const trouble = (code: string) => ({ lastError: { code, message: 'm', at: '' }, speaks });
    for (const connected of [true, false]) {
      const other = await ask({ connected, ...trouble('PEER_OF_OTHER_NETWORK') });
      assert.deepEqual([other.exitCode, other.level], [69, 'fail'], `${connected}`);
      assert.match(other.message, /it speaks network "far" by native\/1$/);
      assert.match(other.advice!, /it is "test" here and "far" there/);
      const mute = await ask({ connected, ...trouble('NO_COMMON_DIALECT') });
      assert.deepEqual([mute.exitCode, mute.level], [69, 'fail'], `${connected}`);
      assert.match(mute.advice!, /sync\.dialect/);
      const own = await ask({ connected, ...trouble('OWN_ADDRESS') });
      assert.deepEqual([own.exitCode, own.level], [0, 'warn'], 'a shared list of addresses');
    }
    const early = await ask({ speaks });
    assert.deepEqual([early.exitCode, early.level], [69, 'fail'], 'before the daemon says so');
    const inbound = await ask({ ...trouble('NO_COMMON_DIALECT'), origin: 'inbound' });
    assert.deepEqual([inbound.exitCode, inbound.level], [0, 'warn'], 'nobody named it');
    const gone = await ask({ connected: true, ...trouble('DIAL_FAILED') });
    assert.equal(gone.level, 'warn', 'it is connected at another address');
  });

  it('says what connected peers speak, and how their last session ended', async (context) => {
    const { node, target } = await station(context);
    node.judgement = { state: 'in-sync', reason: 'equal', lagSeconds: 0 };
    node.dialled.push('/ip4/192.0.2.1/tcp/1');
    const [peer] = node.peers();
    const session = {
      ...{
        role: 'initiator' as const,
        dialect: 'native',
        efficiency: null,
        durationMs: 1,
        rounds: 1,
      },
      ...{ bytesSent: 1, bytesReceived: 1, missing: 0, missingThere: 0, startedAt: START },
    };
    const ask = async (lastSession: PeerStatus['lastSession']) => {
      node.peers = () => [{ ...peer!, lastSession }];
      const ran = await run(['doctor', ...target, '--json']);
      return findings(ran).at(-1)!;
    };
    const good = await ask({ ...session, error: null });
    assert.equal(good.level, 'ok');
    assert.match(good.message, /it speaks network "test" by native\/1$/);
    assert.match((await ask(null)).message, /no session with it has ended yet$/);
    const failed = await ask({ ...session, error: { code: 'TIMEOUT', message: 'too slow' } });
    assert.equal(failed.level, 'warn');
    assert.match(failed.message, /the last session failed: too slow \[TIMEOUT\]$/);
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
    assert.match(findings(ran).at(0)!.message, /\[CONFIG_INVALID\]$/);
  });

  it('says that a data directory is not there yet', async (context) => {
    const { scratch } = await station(context);
    const ran = await run(['doctor', '--data-dir', join(scratch, 'new'), '--json']);
    assert.equal(ran.exitCode, 0);
    assert.deepEqual(troubles(ran), ['warn data directory', 'warn daemon']);
  });
});
