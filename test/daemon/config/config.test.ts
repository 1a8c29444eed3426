import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Config,
  configJsonSchema,
  LEAVES,
  type LoadConfigInit,
  loadConfig,
  parseSize,
  variableOf,
} from '../../../src/daemon/config/index.ts';
import { DaemonError } from '../../../src/daemon/index.ts';

const PEER = '12D3KooWBGWseujji7QqoKq4WUstskGRAYP73WAhEYG1vsMuiFUY';
const read = (path: string) => readFile(path, 'utf8');
const shipped = (name: string) =>
  fileURLToPath(new URL(`../../../config/${name}`, import.meta.url));

/** The configuration that `yaml` in /etc/mesh/node.yaml gives, called from /home/op. */
function load(yaml: string, init: Partial<LoadConfigInit> = {}): Promise<Config> {
  const file = '/etc/mesh/node.yaml';
  return loadConfig({ file, cwd: '/home/op', read: async () => yaml, ...init });
}

const set = (path: string, value: string) => ({ path, value, source: '--set' });

/** The problems that a configuration is refused for, one a line. */
async function problems(yaml: string, init: Partial<LoadConfigInit> = {}): Promise<string[]> {
  const error = await load(yaml, init).then(
    () => assert.fail('the configuration was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DaemonError);
  assert.equal(error.exitCode, 78);
  const [head = '', ...lines] = error.message.split('\n  - ');
  return lines.length > 0 ? lines : [head.replace(/^configuration: /, '')];
}

async function problem(yaml: string, init: Partial<LoadConfigInit> = {}): Promise<string> {
  const all = await problems(yaml, init);
  assert.equal(all.length, 1, all.join('\n'));
  return all[0]!;
}

describe('configuration', () => {
  it('has a default for every key', async () => {
    const config = await loadConfig({ cwd: '/home/op', read });
    assert.equal(config.node.dataDir, '/home/op/data');
    assert.deepEqual(config.network.listen, ['/ip4/127.0.0.1/tcp/9463']);
    assert.equal(config.limits.maxItemBytes, 16 * 1024 * 1024);
    assert.equal(config.admin.tokenFile, null);
    assert.deepEqual(config.store, { cacheBytes: 80 * 1024 * 1024, bufferItems: 131_072 });
    assert.deepEqual(config.scrub, { itemsPerSecond: 20, maxDamagedPerHour: 100 });
  });

  it('accepts 0 to turn scrubbing off, and sizes for the index', async () => {
    const { scrub, store } = await load(
      'scrub: { itemsPerSecond: 0 }\nstore: { cacheBytes: 8MiB }',
    );
    assert.deepEqual([scrub.itemsPerSecond, store.cacheBytes], [0, 8 * 1024 * 1024]);
    assert.match(await problem('scrub: { itemsPerSecond: -1 }'), /^scrub\.itemsPerSecond: must be/);
    assert.match(await problem('store: { bufferItems: 1 }'), /^store\.bufferItems: must be/);
    assert.match(await problem('store: { cacheBytes: 1B }'), /^store\.cacheBytes: must be a size/);
  });

  it('reads JSON, empty files and sections that are commented out', async () => {
    assert.equal((await load('{"network":{"name":"x"}}')).network.name, 'x');
    assert.equal((await load('# nothing\n')).network.name, 'rangemesh');
    assert.equal((await load('network:\nlimits:\n')).network.name, 'rangemesh');
    assert.equal(
      (await load('network:\n', { flags: [set('network.name', 'x')] })).network.name,
      'x',
    );
  });

  it('prefers a flag to the environment, the file and the default, in this order', async () => {
    const yaml = 'sync: { intervalMs: 2000 }';
    const env = { RANGEMESH_SYNC_INTERVAL_MS: '3000', PATH: '/bin' };
    const flags = [set('sync.intervalMs', '4000'), set('sync.intervalMs', '5000')];
    assert.equal((await load('')).sync.intervalMs, 30_000);
    assert.equal((await load(yaml)).sync.intervalMs, 2_000);
    assert.equal((await load(yaml, { env })).sync.intervalMs, 3_000);
    assert.equal((await load(yaml, { env, flags })).sync.intervalMs, 5_000);
  });

  it('reads every kind of value from strings', async () => {
    const { network, sync, limits, admin, log } = await load('admin: { tokenFile: t }', {
      env: {
        RANGEMESH_NETWORK_LISTEN: '/ip4/127.0.0.1/tcp/1, /ip4/127.0.0.1/tcp/2',
        RANGEMESH_NETWORK_MDNS: 'true',
        RANGEMESH_SYNC_JITTER: '0.5',
        RANGEMESH_LIMITS_MAX_ITEM_BYTES: '1 MiB',
        RANGEMESH_ADMIN_TOKEN_FILE: '',
        RANGEMESH_ADMIN_ALLOWED_HOSTS: '',
        RANGEMESH_LOG_LEVEL: 'debug',
      },
      flags: [{ path: 'network.peers', value: ['/ip4/1.1.1.1/tcp/1'], source: '--peer' }],
    });
    assert.deepEqual(network.listen, ['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/2']);
    assert.deepEqual(network.peers, ['/ip4/1.1.1.1/tcp/1']);
    assert.equal(network.mdns, true);
    assert.equal(sync.jitter, 0.5);
    assert.equal(limits.maxItemBytes, 1_048_576);
    assert.deepEqual([admin.tokenFile, admin.allowedHosts], [null, []]);
    assert.equal(log.level, 'debug');
  });

  it('resolves paths relative to the place where they are written', async () => {
    const yaml = 'node: { dataDir: d }\naccess: { mode: psk, pskFile: ../k.psk }';
    const config = await load(yaml, { env: { RANGEMESH_ADMIN_TOKEN_FILE: 'sub/token' } });
    assert.equal(config.node.dataDir, '/etc/mesh/d');
    assert.equal(config.access.pskFile, '/etc/k.psk');
    assert.equal(config.admin.tokenFile, '/home/op/sub/token');
    assert.equal((await load('')).node.dataDir, '/etc/mesh/data');
    assert.equal(
      (await load(yaml, { flags: [set('node.dataDir', 'x')] })).node.dataDir,
      '/home/op/x',
    );
  });

  it('keeps the sources of the schema, the environment and the messages in step', () => {
    assert.equal(variableOf('node', 'dataDir'), 'RANGEMESH_NODE_DATA_DIR');
    for (const [section, keys] of LEAVES) {
      for (const [key, leaf] of keys) assert.ok(leaf.expected.length > 0, `${section}.${key}`);
    }
  });

  describe('sizes', () => {
    it('counts in units of 1024 and of 1000', () => {
      assert.equal(parseSize('0'), 0);
      assert.equal(parseSize('512B'), 512);
      assert.equal(parseSize('16MiB'), 16 * 1024 * 1024);
      assert.equal(parseSize('16 MB'), 16_000_000);
      assert.equal(parseSize('2TiB'), 2 * 1024 ** 4);
    });

    it('refuses everything else', () => {
      for (const text of ['', '-1', '1.5MiB', '1mib', '1 X', 'MiB', '9999999999999999TiB']) {
        assert.ok(Number.isNaN(parseSize(text)), text);
      }
    });
  });

  describe('mistakes', () => {
    it('are reported together, each with its path, reason and allowed values', async () => {
      const yaml = [
        'netwrk: { name: x }',
        'access: { mode: lst }',
        'sync: { intervallMs: 5, jitter: 4, maxSessions: "3" }',
        'network: { listen: [/ip4/127.0.0.1/tcp/1, nonsense], name: "a b" }',
        'fetch: 7',
        'limits: { maxItemBytes: 17 apples }',
      ].join('\n');
      const env = { RANGEMESH_LOG_LEVEL: 'loud', RANGEMESH_ADMIN_PROT: '1' };
      const all = await problems(yaml, {
        env,
        flags: [set('admin.port', '70000'), set('x.y', '1')],
      });
      const expected = [
        /^netwrk: unknown section; did you mean network\?.*node, network, access/,
        /^access\.mode: must be one of open, list, psk, not "lst" \(from \/etc\/mesh\/node\.yaml\)/,
        /^sync\.intervallMs: unknown key; did you mean sync\.intervalMs\?.*jitter/,
        /^sync\.jitter: must be a number from 0 to 1, not 4/,
        /^sync\.maxSessions: must be a whole number from 1 to 10000, not "3"/,
        /^network\.listen\[1\]: must be a TCP multiaddr such as .*not "nonsense"/,
        /^network\.name: must be a name of at most 63/,
        /^fetch: must be a section with the keys batchItems, .*not 7/,
        /^limits\.maxItemBytes: must be a size from 1B to 1GiB.*not "17 apples"/,
        /^log\.level: must be one of trace.*not "loud" \(from RANGEMESH_LOG_LEVEL\)/,
        /^RANGEMESH_ADMIN_PROT: unknown environment variable; did you mean RANGEMESH_ADMIN_PORT\?/,
        /^admin\.port: must be a whole number from 0 to 65535, not 70000 \(from --set\)/,
        /^x\.y: unknown section/,
      ];
      for (const pattern of expected) {
        assert.equal(
          all.filter((line) => pattern.test(line)).length,
          1,
          `${pattern}\n${all.join('\n')}`,
        );
      }
      assert.equal(all.length, expected.length, all.join('\n'));
    });

    it('name the section of a key that was written without it', async () => {
      assert.match(await problem('dataDir: x'), /^dataDir: .*did you mean node\.dataDir\?/);
      const flags = [set('network', 'x')];
      assert.match(
        await problem('', { flags }),
        /^network: is a section; give one of its keys, name/,
      );
    });

    it('are reported with line and column where the YAML is wrong', async () => {
      assert.match(
        await problem('network:\n  name: "x'),
        /^\/etc\/mesh\/node\.yaml:2:\d+: not valid/,
      );
      assert.match(
        await problem('log: {level: info}\nlog: {}'),
        /node\.yaml:2:1: not valid YAML.*uniq/i,
      );
      assert.match(await problem('- a\n- b'), /must be a mapping of sections/);
      assert.match(await problem('a: *b'), /not valid YAML/);
      const bomb = `a: &a [x]\n${'bcdefgh'.replace(/./g, (name, at: number) => {
        const former = 'abcdefg'[at];
        return `${name}: &${name} [${Array(9).fill(`*${former}`)}]\n`;
      })}`;
      assert.match((await problems(bomb)).join('\n'), /not valid YAML: Excessive alias/);
    });

    it('are reported where a tag stands, since no value of a key needs one', async () => {
      for (const value of ['!!binary yyyy', '!!set {a}', '!!omap [a: 1]', '!mine {}']) {
        assert.match(await problem(`sync: ${value}`), /node\.yaml:1:7: not valid YAML: .*tag/);
      }
    });

    it('are reported where an alias stands within its own anchor', async () => {
      assert.match(await problem('node: &a [*a]'), /not valid YAML: an alias stands within/);
    });

    it('that Kubernetes causes are recognised', async () => {
      const env = {
        RANGEMESH_SERVICE_HOST: '10.0.0.1',
        RANGEMESH_SERVICE_PORT: '9464',
        RANGEMESH_SERVICE_PORT_ADMIN: '9464',
        RANGEMESH_PORT: 'tcp://10.0.0.1:9464',
        RANGEMESH_PORT_9464_TCP: 'tcp://10.0.0.1:9464',
        RANGEMESH_PORT_9464_TCP_ADDR: '10.0.0.1',
      };
      const line = await problem('', { env });
      for (const name of Object.keys(env)) assert.ok(line.includes(name), line);
      assert.match(line, /Kubernetes .*enableServiceLinks: false/);
    });

    it('do not reach prototypes', async () => {
      const all = await problems(
        '__proto__: { name: x }\nconstructor: 1\nnetwork: { __proto__: 1 }',
      );
      assert.equal(all.length, 3, all.join('\n'));
      const flags = [set('__proto__.polluted', 'x'), set('network.__proto__', 'x')];
      assert.equal((await problems('', { flags })).length, 2);
      assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
    });

    it('in reading the file say what to do', async () => {
      const refused = load('', { read: () => Promise.reject(new Error('ENOENT')) });
      await assert.rejects(refused, (error: DaemonError) => {
        assert.deepEqual([error.code, error.exitCode], ['CONFIG_UNREADABLE', 78]);
        return /\/etc\/mesh\/node\.yaml.*ENOENT.*rangemesh init/.test(error.message);
      });
    });
  });

  describe('contradictions', () => {
    const beyond = 'network: { listen: [/ip4/0.0.0.0/tcp/1] }\n';

    it('an open node beyond loopback must be configured explicitly', async () => {
      assert.match(await problem(beyond), /^access\.mode: must be given when network\.listen/);
      assert.equal((await load(`${beyond}access: { mode: open }`)).access.mode, 'open');
      const env = { RANGEMESH_ACCESS_MODE: 'open' };
      assert.equal((await load(beyond, { env })).access.mode, 'open');
      assert.equal((await load('network: { listen: ["/ip6/::1/tcp/1"] }')).access.mode, 'open');
    });

    it('an admin endpoint beyond loopback needs a token file', async () => {
      const refused = load('admin: { host: 0.0.0.0 }');
      await assert.rejects(refused, { code: 'ADMIN_EXPOSED', exitCode: 78 });
      const both = await problems('admin: { host: "::" }\nlog: { level: 1 }');
      assert.equal(both.length, 2);
      await load('admin: { host: 0.0.0.0, tokenFile: t }');
      for (const host of ['localhost', '127.0.0.2', '::1'])
        await load(`admin: { host: "${host}" }`);
    });

    it('a list or a key that excludes no peer is an error', async () => {
      assert.match(await problem(`access: { peers: [${PEER}] }`), /^access\.peers: has no effect/);
      assert.match(await problem('access: { pskFile: k }'), /^access\.pskFile: has no effect/);
      assert.match(await problem('access: { mode: psk }'), /^access\.pskFile: must name the file/);
      assert.match(
        await problem('access: { pskFileOld: k }'),
        /^access\.pskFileOld: has no effect/,
      );
      const psk = 'mode: psk, pskFile: k';
      assert.match(
        await problem(`access: { ${psk}, pskOldUntil: 2027-01-31T12:00:00Z }`),
        /^access\.pskOldUntil: has no effect without/,
      );
      for (const wrong of ['soon', '2027-01-31', '2027-13-01T00:00:00Z', '2027-01-31T12:00:00']) {
        assert.match(
          await problem(`access: { ${psk}, pskFileOld: o, pskOldUntil: "${wrong}" }`),
          /^access\.pskOldUntil: must be a time such as/,
        );
      }
      const { access } = await load(
        `access: { ${psk}, pskFileOld: o, pskOldUntil: 2027-01-31T12:00:00+01:00 }`,
      );
      assert.equal(access.pskFileOld, '/etc/mesh/o');
      await load(`access: { mode: list, peers: [${PEER}] }`);
      assert.match(
        await problem(`access: { mode: list, peers: [${PEER}], deny: [${PEER}] }`),
        /^access\.deny: names .* as access\.peers does; take/,
      );
      await load(`access: { deny: [${PEER}] }`);
    });

    it('a policy is a program or a module, not both, and its words are not empty', async () => {
      const both = 'policy: { command: [judge], module: m.mjs }';
      assert.match(
        await problem(both),
        /^policy\.module: must be null when policy\.command is given/,
      );
      assert.match(await problem('policy: { command: [""] }'), /must be a word of a command/);
      assert.equal((await load('policy: { module: m.mjs }')).policy.module, '/etc/mesh/m.mjs');
    });

    it('are not reported in a section that is invalid already', async () => {
      const typo = `access: { mdoe: list, peers: [${PEER}] }`;
      assert.match(await problem(typo), /^access\.mdoe: unknown key; did you mean access\.mode\?/);
    });

    it('are reported beside other mistakes, in the same section too', async () => {
      const all = await problems(
        'admin: { host: 0.0.0.0, port: 70000 }\naccess: { mode: psk }\nlog: { level: loud }',
      );
      const expected = [/^admin\.port: /, /^admin\.host: /, /^access\.pskFile: /, /^log\.level: /];
      for (const pattern of expected)
        assert.ok(
          all.some((line) => pattern.test(line)),
          `${all}`,
        );
      assert.equal(all.length, expected.length, all.join('\n'));
    });

    it('are not derived from an invalid key', async () => {
      assert.match(await problem('admin: { host: 0.0.0.0, tokenFile: 7 }'), /^admin\.tokenFile: /);
    });

    it('a timeout longer than its enclosing one is an error', async () => {
      const frame = 'sync: { frameTimeoutMs: 2000, sessionTimeoutMs: 1000 }';
      assert.match(await problem(frame), /^sync\.frameTimeoutMs/);
      assert.match(await problem('sync: { settleMs: 5000 }'), /^sync\.settleMs/);
    });
  });

  describe('files that are shipped', () => {
    it('default.yaml lists every key with its default', async () => {
      const text = await read(shipped('default.yaml'));
      const file = '/home/op/rangemesh.yaml';
      const given = await loadConfig({ file, cwd: '/', read: async () => text });
      assert.deepEqual(given, await loadConfig({ cwd: '/home/op', read }));
      for (const [section, keys] of LEAVES) {
        for (const key of keys.keys()) {
          const [name, inner] = key.split('.');
          const below = inner === undefined ? '' : `\\n(?:    .+\\n)*    ${inner}:`;
          assert.match(text, new RegExp(`^  # .+\\n  ${name}:${below}`, 'm'), `${section}.${key}`);
        }
      }
    });

    it('schema.json is up to date: npm run schema writes it', async () => {
      const written = JSON.parse(await read(shipped('schema.json')));
      assert.deepEqual(written, JSON.parse(JSON.stringify(configJsonSchema())));
    });

    it('the examples and the demo are valid', async () => {
      const names = [
        'example-list.yaml',
        'example-psk.yaml',
        'demo/a.yaml',
        'demo/b.yaml',
        'demo/c.yaml',
      ];
      for (const name of names) await loadConfig({ file: shipped(name), cwd: '/', read });
    });
  });
});
