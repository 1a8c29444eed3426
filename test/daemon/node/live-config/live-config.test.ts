import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { configPaths, leafAt, loadWithOrigins } from '../../../../src/daemon/config/index.ts';
import { DaemonError } from '../../../../src/daemon/index.ts';
import { type Applier, appliersOf, LiveConfig } from '../../../../src/daemon/node/testing.ts';
import { Log } from '../../mesh/log.ts';

const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
const RELOADABLE = configPaths().filter((path) => leafAt(path)?.reloadable === true);

/** A configuration in a file that the test writes, and appliers that note what they take. */
async function staged(text: string, appliers?: readonly Applier[]) {
  const [taken, told]: [string[], string[][]] = [[], []];
  const stage = { text, trouble: null as string | null, taken, told, reads: 0 };
  const read = () => {
    stage.reads++;
    return loadWithOrigins({ file: '/r.yaml', cwd: '/', read: async () => stage.text });
  };
  const noting: Applier[] = RELOADABLE.map((key) => ({
    keys: [key],
    prepare: () => () => void stage.taken.push(key),
  }));
  const log = new Log();
  const { config, origins } = await read();
  const token = {
    look: async () => undefined,
    get trouble() {
      return stage.trouble;
    },
  };
  const onChanged = (keys: readonly string[]): void => void told.push([...keys]);
  const init = { config, origins, read, token, onChanged, logger: log.logger };
  const live = new LiveConfig({ ...init, appliers: appliers ?? noting });
  return { stage, live, log };
}

const value = (live: LiveConfig, path: string) => live.answer.keys[path]!.value;

describe('a reload', () => {
  it('takes the keys that can change, and names those that need a restart', async () => {
    const { stage, live, log } = await staged('limits: {maxItems: 5}\nsync: {settleMs: 1}');
    stage.text = 'limits: {maxItems: 7}\nsync: {settleMs: 2}\nnetwork: {name: other}';
    const answer = {
      changed: ['limits.maxItems'],
      needsRestart: ['network.name', 'sync.settleMs'],
    };
    assert.deepEqual(await live.reload(), answer);
    assert.deepEqual(stage.taken, ['limits.maxItems']);
    assert.deepEqual([value(live, 'limits.maxItems'), value(live, 'sync.settleMs')], [7, 1]);
    assert.deepEqual(live.answer.needsRestart, answer.needsRestart);
    assert.deepEqual(live.answer.keys['limits.maxItems'], {
      value: 7,
      from: 'reload',
      source: '/r.yaml',
      reloadable: true,
    });
    const [line] = log.lines.filter(({ event }) => event === 'reloaded');
    assert.deepEqual(line?.needsRestart, answer.needsRestart);
    assert.deepEqual((await live.reload()).changed, [], 'a second one finds nothing new');
  });

  it('leaves every value as it is if one value is wrong', async () => {
    const { stage, live, log } = await staged('limits: {maxItems: 5}');
    stage.text = 'limits: {maxItems: 7}\nlog: {level: loud}';
    await assert.rejects(live.reload(), { code: 'CONFIG_INVALID' });
    assert.deepEqual(stage.taken, []);
    assert.equal(value(live, 'limits.maxItems'), 5);
    assert.equal(log.lines.at(-1)!.event, 'reload-failed');
    stage.text = 'limits: {maxItems: 7}';
    assert.deepEqual((await live.reload()).changed, ['limits.maxItems'], 'the next one is taken');
  });

  it('applies nothing before every part has checked its values', async () => {
    const taken: string[] = [];
    const { stage, live } = await staged('log: {level: info}', [
      { keys: ['log.level'], prepare: () => () => void taken.push('log.level') },
      {
        keys: ['network.peers'],
        prepare() {
          throw new DaemonError('TOO_MANY_ADDRESSES', 'no room');
        },
      },
    ]);
    stage.text = 'log: {level: warn}\nnetwork: {peers: [/ip4/192.0.2.1/tcp/1]}';
    await assert.rejects(live.reload(), { code: 'TOO_MANY_ADDRESSES' });
    assert.deepEqual([taken, value(live, 'log.level')], [[], 'info']);
  });

  it('changes no access list together with the mode, which needs a restart', async () => {
    const { stage, live } = await staged(`access: {mode: list, peers: [${PEER}]}`);
    stage.text = 'access: {mode: open}';
    const { changed, needsRestart } = await live.reload();
    assert.deepEqual([changed, needsRestart], [[], ['access.mode', 'access.peers']]);
    assert.deepEqual(value(live, 'access.peers'), [PEER]);
    stage.text = 'access: {mode: list, peers: []}';
    assert.deepEqual((await live.reload()).changed, ['access.peers']);
  });

  it('is refused while the token file cannot be used', async () => {
    const { stage, live } = await staged('log: {level: info}');
    stage.text = 'log: {level: warn}';
    stage.trouble = 'it is empty';
    await assert.rejects(live.reload(), { code: 'TOKEN_UNREADABLE' });
    assert.equal(value(live, 'log.level'), 'info');
  });

  it('that is asked for during another runs behind it, once for all that ask', async () => {
    const { stage, live } = await staged('log: {level: info}');
    const before = stage.reads;
    await Promise.all([live.reload(), live.reload(), live.reload()]);
    assert.equal(stage.reads - before, 2);
    await live.reload();
    assert.equal(stage.reads - before, 3);
  });

  it('ends a level of the log that a call has set', async () => {
    const { live, log } = await staged('log: {level: warn}');
    live.setLogLevel('debug');
    assert.equal(log.logger.level, 'debug');
    assert.deepEqual(live.answer.keys['log.level'], {
      value: 'debug',
      from: 'call',
      source: null,
      reloadable: true,
    });
    assert.deepEqual((await live.reload()).changed, ['log.level']);
    assert.equal(value(live, 'log.level'), 'warn');
  });

  it('tells of the keys that have new values, and of nothing else', async () => {
    const { stage, live } = await staged('limits: {maxItems: 5}');
    await live.reload();
    stage.text = 'limits: {maxItems: 7}\nnetwork: {name: other}';
    await live.reload();
    stage.text = 'limits: {maxItems: 8}\nlog: {level: loud}';
    await assert.rejects(live.reload());
    live.setLogLevel('debug');
    assert.deepEqual(stage.told, [['limits.maxItems'], ['log.level']]);
  });

  it('is refused where a program gave the configuration', async () => {
    const { config } = await loadWithOrigins({ cwd: '/', read: () => assert.fail('no file') });
    const token = { look: async () => undefined, trouble: null };
    const { logger } = new Log();
    const none = { origins: null, read: null, appliers: [], token, logger };
    await assert.rejects(new LiveConfig({ config, ...none }).reload(), { code: 'NOT_RELOADABLE' });
  });
});

describe('the keys that can be reloaded', () => {
  it('each have a part that takes them', () => {
    const parts = appliersOf({} as never).flatMap(({ keys }) => keys);
    assert.deepEqual(parts.toSorted(), RELOADABLE.toSorted());
  });

  it('of quotas let peers be asked again for items that were above the old ones', async () => {
    const done: string[] = [];
    const appliers = appliersOf({
      quotas: { change: () => void done.push('changed') },
      replicator: { fetcher: { guarded: { clear: () => void done.push('cleared') } } },
    } as never);
    const { prepare } = appliers.find(({ keys }) => keys.includes('quotas.peerBytes'))!;
    const { config } = await loadWithOrigins({ cwd: '/', read: () => assert.fail('no file') });
    const apply = await prepare(config);
    assert.deepEqual(done, []);
    apply();
    assert.deepEqual(done, ['changed', 'cleared']);
  });

  it('are those of the table in docs/operations-config.md', async () => {
    const text = await readFile(
      new URL('../../../../docs/operations-config.md', import.meta.url),
      'utf8',
    );
    const [, section = ''] = /\n## Reload\n(.*?)\n## /s.exec(text) ?? [];
    const told = [...section.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key]) => key!);
    assert.deepEqual(told.toSorted(), RELOADABLE.toSorted());
  });
});
