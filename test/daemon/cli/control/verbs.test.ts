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

  it('show retention, and confirm the clock', async () => {
    const { stdout } = await call('retention');
    assert.match(stdout, /^floor {8}none: items are kept whatever their hints\n/);
    assert.match(stdout, /\nremoved {6}0 items, 0 B\nleft {9}0 items\n$/);
    const { confirmRetention } = station.control;
    const status = {
      ...{ floor: '5', goal: '9', removedItems: 1, removedBytes: 2_048, left: 3, running: true },
      waits: { code: 'CLOCK_JUMPED', message: 'the clock' },
    } as const;
    station.control.confirmRetention = () => status;
    assert.equal(
      (await call('retention', 'confirm')).stdout,
      'floor        5\ngoal         9\nremoved      1 item, 2.0 KiB\nleft         3 items, being removed\n' +
        'waits        the clock [CLOCK_JUMPED]\n',
    );
    station.control.confirmRetention = () => ({ ...status, left: 0 });
    assert.match((await call('retention', 'confirm')).stdout, /\nleft {9}0 items\nwaits/);
    station.control.confirmRetention = confirmRetention;
  });

  it('compact, with the sizes', async () => {
    const { control } = station;
    const { compact } = control;
    const words = 'compacted: the database takes about 1.0 KiB, and took 2.0 KiB\n';
    assert.equal((await call('compact')).stdout, words);
    assert.equal((await call('compact', '--json')).json()[0].afterBytes, 1_024);
    control.compact = async (options) => ({ ...(await compact(options)), beforeBytes: 1_024 });
    assert.match((await call('compact')).stdout, /there was nothing to give back\n$/);
    control.compact = compact;
  });

  it('show how far a compaction is on a terminal, and fail where it was cut', async () => {
    const { control } = station;
    const { compact } = control;
    control.compact = async (options) => {
      options?.progress?.({ done: 1_024, of: 4_096 });
      return { ...(await compact(options)), complete: false };
    };
    const cut = await run(['compact', ...station.target], { tty: true });
    assert.deepEqual([cut.exitCode, cut.stdout], [1, '']);
    assert.match(cut.stderr, /compacting · 0 s/);
    assert.match(cut.stderr, /rangemesh: the daemon ended before .* again \[SHUTTING_DOWN\]\n$/);
    control.compact = async (options) => {
      options?.progress?.({ done: 0, of: 9 });
      throw new DaemonError('SHUTTING_DOWN', 'no');
    };
    const failed = await call('compact');
    assert.deepEqual([failed.exitCode, failed.stderr], [1, 'rangemesh: no [SHUTTING_DOWN]\n']);
    control.compact = compact;
  });

  it('check a configuration without a daemon', async () => {
    const file = join(station.scratch, 'r.yaml');
    await writeFile(file, 'network: {name: x}\n');
    const good = await run(['config', 'check', '--config', file]);
    const [result, keys, policy, rest] = good.stdout.trimEnd().split('\n');
    assert.deepEqual([good.exitCode, result], [0, `${file}: valid`]);
    assert.match(
      keys!,
      /^checked: all \d+ keys: 1 from the file, 0 from the environment, 0 from options, \d+ by/,
    );
    assert.match(policy!, /^checked: the keys fit together; there is no write policy$/);
    assert.match(rest!, /^not checked: .*: "rangemesh doctor" looks at these$/);
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
