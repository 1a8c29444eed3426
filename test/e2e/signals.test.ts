import assert from 'node:assert/strict';
import { closeSync, constants, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { cleanUp } from '../support/clean-up.ts';
import {
  type BareDaemon,
  type BareInit,
  startBare,
  temporaryFolder,
} from './support/bare-daemon.ts';
import { until } from './support/mesh.ts';

const NOHUP = ['bash', '-c', 'nohup "$@"', 'bash'];

interface Told extends BareDaemon {
  readonly log: Promise<string>;
  readonly errors: Promise<string>;
}

async function start(context: TestContext, init: BareInit = {}): Promise<Told> {
  const daemon = await startBare(context, init);
  const { stdout, stderr } = daemon.child;
  return { ...daemon, log: text(stdout!), errors: text(stderr!) };
}

async function assertServes({ client }: BareDaemon): Promise<void> {
  assert.equal((await client.send('GET', '/livez')).status, 200);
}

describe('a daemon', { skip: process.platform === 'win32' }, () => {
  it('reads its configuration again at SIGHUP, and goes on', async (context) => {
    const folder = await temporaryFolder(context);
    const file = join(folder, 'r.yaml');
    await writeFile(file, 'log: {level: info}\n');
    const daemon = await start(context, { args: ['--config', file] });
    const keys = async () => JSON.parse((await daemon.client.send('GET', '/v1/config')).text).keys;
    const level = async () => (await keys())['log.level'].value;
    await writeFile(file, 'log: {level: loud}\n');
    daemon.child.kill('SIGHUP');
    await writeFile(file, 'limits: {maxItems: 7}\nlog: {level: debug}\n');
    daemon.child.kill('SIGHUP');
    await until(level, (now) => now === 'debug');
    assert.equal((await keys())['limits.maxItems'].value, 7);
    await assertServes(daemon);
    await daemon.assertStops();
    const log = await daemon.log;
    assert.match(log, /"event":"reloaded","changed":\["limits.maxItems","log.level"\]/);
    assert.doesNotMatch(log, /"reason":"SIGHUP"/);
    assert.match(
      log,
      /"level":"debug","time":"[^"]*","component":"(?!libp2p)/,
      'all parts hear it',
    );
    assert.equal(await daemon.errors, '');
  });

  it('outlives its terminal under nohup', {
    skip: process.platform !== 'linux',
  }, async (context) => {
    // What nohup does to the standard input of a terminal.
    const unreadable = openSync('/dev/null', constants.O_WRONLY);
    cleanUp(context, () => closeSync(unreadable));
    for (const init of [{ wrapper: NOHUP }, { stdin: unreadable }]) {
      const daemon = await start(context, init);
      daemon.child.kill('SIGHUP');
      await assertServes(daemon);
      await daemon.assertStops();
      assert.doesNotMatch(await daemon.log, /"reason":"SIGHUP"/);
    }
  });

  it('opens no debugger at SIGUSR1', async (context) => {
    const daemon = await start(context);
    daemon.child.kill('SIGUSR1');
    await assertServes(daemon);
    await daemon.assertStops();
    assert.equal(await daemon.errors, '');
  });
});
