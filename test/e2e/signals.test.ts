import assert from 'node:assert/strict';
import { closeSync, constants, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { cleanUp } from '../support/clean-up.ts';
import { type BareDaemon, type BareInit, startBare } from './support/bare-daemon.ts';

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
  it('stops in order at SIGHUP', async (context) => {
    const daemon = await start(context);
    await daemon.assertStops('SIGHUP');
    assert.match(await daemon.log, /"event":"stopping","reason":"SIGHUP"/);
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
      assert.doesNotMatch(await daemon.log, /SIGHUP/);
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
