import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { DaemonError } from '../../../../src/daemon/index.ts';
import { openStation, run, type Station } from '../terminal.ts';

const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';

describe('verbs of run-time control', () => {
  let station: Station;
  const call = (...argv: string[]) => run([...argv, ...station.target]);

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(() => {
    station.control.asked.length = 0;
  });

  it('pause and resume all peers or one, and say for how long', async () => {
    const all = await call('pause');
    assert.equal(all.stdout, 'replication with all peers is paused, until a restart\n');
    await call('pause', PEER, '--keep');
    assert.equal((await call('resume')).stdout, 'replication goes on with all peers\n');
    await call('resume', PEER);
    assert.deepEqual(station.control.asked, [
      ['pause', { keep: false }],
      ['pause', { keep: true, peerId: PEER }],
      ['resume', undefined],
      ['resume', PEER],
    ]);
    for (const verb of ['pause', 'resume']) {
      const { exitCode, stderr } = await call(verb, 'foo');
      assert.deepEqual([exitCode, /is no peer id/.test(stderr)], [64, true]);
    }
  });

  it('show and set the level of the log', async () => {
    assert.equal((await call('log', 'level', 'debug')).stdout, 'debug\n');
    assert.equal((await call('log', 'level')).stdout, 'debug\n');
    assert.equal((await call('log', 'level', 'loud')).exitCode, 64);
  });

  it('reload, and fail with the reason', async () => {
    const { control } = station;
    const { reload } = control;
    control.reload = async () => ({ changed: ['log.level'], needsRestart: ['network.name'] });
    assert.equal(
      (await call('config', 'reload')).stdout,
      'log.level  counts from now on\nnetwork.name  needs a restart\n',
    );
    control.reload = async () => ({ changed: [], needsRestart: [] });
    assert.equal((await call('config', 'reload')).stdout, 'nothing has changed\n');
    control.reload = () => Promise.reject(new DaemonError('CONFIG_INVALID', 'bad value'));
    const { exitCode, stderr } = await call('config', 'reload');
    assert.deepEqual([exitCode, stderr], [1, 'rangemesh: bad value [CONFIG_INVALID]\n']);
    control.reload = reload;
  });

  it('compact, with the sizes', async () => {
    assert.equal((await call('compact')).stdout, 'compacted: 2.0 KiB before, 1.0 KiB now\n');
    assert.equal((await call('compact', '--json')).json()[0].afterBytes, 1_024);
  });

  it('check a configuration without a daemon', async () => {
    const file = join(station.scratch, 'r.yaml');
    await writeFile(file, 'network: {name: x}\n');
    const good = await run(['config', 'check', '--config', file]);
    assert.deepEqual([good.exitCode, good.stdout], [0, `${file}: valid\n`]);
    const bad = await run(['config', 'check', '--config', file, '--set', 'network.nam=y']);
    assert.equal(bad.exitCode, 78);
    assert.match(bad.stderr, /did you mean network\.name/);
    assert.equal((await run(['config', 'check', '-c', join(station.scratch, 'no')])).exitCode, 78);
  });

  it('show the values of a file, or of the daemon, with their origins', async () => {
    const file = join(station.scratch, 'shown.yaml');
    await writeFile(file, 'network: {name: x}\n');
    const shown = await run(['config', 'show', '--config', file]);
    assert.match(shown.stdout, new RegExp(`^network\\.name +"x"  \\(file ${file}\\)$`, 'm'));
    assert.match(shown.stdout, /^admin\.host +"127\.0\.0\.1" {2}\(default\)$/m);
    const { stdout } = await call('config', 'show', '--running');
    assert.match(stdout, /^network\.name {2}"test" {2}\(file \/etc\/r\.yaml\)$/m);
    assert.match(stdout, /^network\.name: the new value needs a restart$/m);
    const { json } = await run(['config', 'show', '--config', file, '--json']);
    assert.equal(json()[0].keys['network.name'].value, 'x');
  });

  it('print the schema as JSON', async () => {
    const { stdout } = await run(['config', 'schema']);
    assert.equal(JSON.parse(stdout).title, 'rangemesh configuration');
  });
});
