import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configPaths, loadWithOrigins } from '../../../src/daemon/config/index.ts';

describe('the origin of a value', () => {
  it('is the default, the file, the variable or the flag that counts', async () => {
    const { config, origins } = await loadWithOrigins({
      file: 'r.yaml',
      cwd: '/etc',
      env: { RANGEMESH_NETWORK_NAME: 'e', RANGEMESH_SYNC_JITTER: '0.1' },
      flags: [
        { path: 'sync.jitter', value: '0.3', source: '--set' },
        { path: 'admin.port', value: '0', source: '--admin-port' },
      ],
      read: async () =>
        'node: {dataDir: d}\nnetwork: {name: f}\nlog: {level: info}\nsync: {settleMs: 1}\n' +
        'admin: {tls: {cert: c, key: k}}',
    });
    assert.deepEqual([config.network.name, config.sync.jitter], ['e', 0.3]);
    const expected = {
      'node.dataDir': { from: 'file', source: '/etc/r.yaml' },
      'network.name': { from: 'environment', source: 'RANGEMESH_NETWORK_NAME' },
      'sync.jitter': { from: 'flag', source: '--set' },
      'sync.settleMs': { from: 'file', source: '/etc/r.yaml' },
      'admin.port': { from: 'flag', source: '--admin-port' },
      'log.level': { from: 'file', source: '/etc/r.yaml' },
      'admin.host': { from: 'default', source: null },
      'admin.tls.cert': { from: 'file', source: '/etc/r.yaml' },
    };
    const found = Object.keys(expected).map((path) => [path, origins.get(path)]);
    assert.deepEqual(Object.fromEntries(found), expected);
    assert.deepEqual([...origins.keys()], configPaths());
  });

  it('is the flag for one section alone where a second is its alias', async () => {
    const { config } = await loadWithOrigins({
      file: 'r.yaml',
      cwd: '/',
      flags: [{ path: 'sync.jitter', value: '0.3', source: '--set' }],
      read: async () => 'sync: &same {}\npush: *same',
    });
    assert.equal(config.sync.jitter, 0.3);
  });

  it('is the default for every key without any layer', async () => {
    const { origins } = await loadWithOrigins({ cwd: '/', read: () => assert.fail('no file') });
    assert.ok(
      [...origins.values()].every(({ from, source }) => from === 'default' && source === null),
    );
  });
});
