import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from './support/bare-daemon.ts';
import { until } from './support/mesh.ts';
import { assertServes, startTold } from './support/told-daemon.ts';

describe('a daemon', { skip: process.platform === 'win32' }, () => {
  it('reads its configuration again at SIGHUP, and goes on', async (context) => {
    const folder = await temporaryFolder(context);
    const file = join(folder, 'r.yaml');
    await writeFile(file, 'log: {level: info}\n');
    const daemon = await startTold(context, { args: ['--config', file] });
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

  it('opens no debugger at SIGUSR1', async (context) => {
    const daemon = await startTold(context);
    daemon.child.kill('SIGUSR1');
    await assertServes(daemon);
    await daemon.assertStops();
    assert.equal(await daemon.errors, '');
  });
});
