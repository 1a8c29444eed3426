import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Config,
  configJsonSchema,
  LEAVES,
  loadConfig,
  parseDuration,
  parseSize,
  type Setting,
} from '../../../src/daemon/config/index.ts';
import { DaemonError } from '../../../src/daemon/index.ts';

/** The configuration that consists of these settings, `section.key=value` each. */
function load(...settings: string[]): Promise<Config> {
  const flags = settings.map((text): Setting => {
    const [path, value] = text.split('=') as [string, string];
    return { path, value, source: '--set' };
  });
  return loadConfig({ cwd: '/home/op', flags, read: () => assert.fail('no file is read') });
}

/** The problem that these settings are refused for. */
async function refusal(...settings: string[]): Promise<string> {
  const error = await load(...settings).then(
    () => assert.fail(`accepted: ${settings.join(', ')}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DaemonError, `${error}`);
  return error.message.replace(/^configuration: /, '');
}

const ranges = [...LEAVES].flatMap(([section, keys]) =>
  [...keys].flatMap(([key, { expected }]) => {
    const [, kind, min, max] = /^a (.*) from (\S+) to (\S+?)(?:,|$)/.exec(expected) ?? [];
    return kind === undefined ? [] : [{ path: `${section}.${key}`, kind, min: min!, max: max! }];
  }),
);

/** What else has to be set so that no other key contradicts a key at the end of its range. */
const BESIDES: Record<string, string[]> = {
  'network.degree': ['network.maxConnections=10000'],
  'network.maxConnections': ['network.degree=1'],
  'sync.frameTimeoutMs': ['sync.sessionTimeoutMs=2147483647'],
  'sync.sessionTimeoutMs': ['sync.frameTimeoutMs=100'],
  'retention.maxAge': ['hints.unit=milliseconds'],
  'retention.maxBytes': ['hints.unit=milliseconds'],
  'sync.settleMs': ['sync.settleMaxMs=2147483647'],
  'sync.settleMaxMs': ['sync.settleMs=0'],
};

describe('a range of the configuration', () => {
  it('includes both ends of whole numbers, and nothing beyond them', async () => {
    const numbers = ranges.filter(({ kind }) => kind === 'whole number');
    assert.ok(numbers.length > 20, `${numbers.length} keys`);
    for (const { path, min, max } of numbers) {
      const besides = BESIDES[path] ?? [];
      for (const value of [min, max]) await load(...besides, `${path}=${value}`);
      for (const value of [Number(min) - 1, BigInt(max) + 1n]) {
        const message = await refusal(...besides, `${path}=${value}`);
        assert.ok(message.includes(`${path}: must be a whole number from ${min}`), message);
      }
      assert.match(await refusal(...besides, `${path}=${min}.5`), /whole number/);
    }
  });

  it('includes both ends of sizes, as bytes and with a unit, and nothing beyond them', async () => {
    const sizes = ranges.filter(({ kind }) => kind === 'size');
    assert.ok(sizes.length >= 8, `${sizes.length} keys`);
    for (const { path, min, max } of sizes) {
      const besides = BESIDES[path] ?? [];
      const [section, key] = path.split('.') as ['store', 'cacheBytes'];
      for (const end of [min, max]) {
        for (const value of [end, `${parseSize(end)}`]) {
          const { [section]: read } = await load(...besides, `${path}=${value}`);
          assert.equal(read[key], parseSize(end), `${path}=${value}`);
        }
      }
      const beyond = [parseSize(min) - 1, parseSize(max) + 1];
      for (const value of [...beyond, `${beyond[1]}B`]) {
        const message = await refusal(...besides, `${path}=${value}`);
        assert.ok(message.includes(`${path}: must be a size from ${min} to ${max}`), message);
      }
    }
  });

  it('includes both ends of durations, as milliseconds and with a unit, and nothing beyond them', async () => {
    const durations = ranges.filter(({ kind }) => kind === 'duration');
    assert.ok(durations.length >= 3, `${durations.length} keys`);
    for (const { path, min, max } of durations) {
      const besides = BESIDES[path] ?? [];
      const [section, key] = path.split('.') as ['hints', 'maxAhead'];
      for (const end of [min, max]) {
        for (const value of [end, `${parseDuration(end)}`]) {
          const { [section]: read } = await load(...besides, `${path}=${value}`);
          assert.equal(read[key], parseDuration(end), `${path}=${value}`);
        }
      }
      const beyond = parseDuration(max) + 1;
      for (const value of [parseDuration(min) - 1, beyond, `${beyond}ms`, '1.5h']) {
        const message = await refusal(...besides, `${path}=${value}`);
        assert.ok(message.includes(`${path}: must be a duration from ${min} to ${max}`), message);
      }
    }
  });

  it('includes both ends of hints, which a number of YAML may not hold, and nothing beyond them', async () => {
    const highest = `${2n ** 64n - 2n}`;
    for (const value of ['0', '1700000000000', highest]) {
      assert.equal((await load(`retention.minHint=${value}`)).retention.minHint, value);
    }
    for (const value of ['-1', '1.5', '0x1', `${2n ** 64n - 1n}`, '9'.repeat(21)]) {
      assert.match(
        await refusal(`retention.minHint=${value}`),
        /minHint: must be a hint from 0 to/,
      );
    }
    const read = async () => 'retention: { minHint: 1700000000000 }';
    const { retention } = await loadConfig({ file: '/r.yaml', cwd: '/', read });
    assert.equal(retention.minHint, '1700000000000');
  });

  it('of an age has a meaning only where hints are times', async () => {
    assert.match(await refusal('retention.maxAge=30d'), /retention\.maxAge: .*set hints\.unit/);
  });

  it('of hints in milliseconds is no time after 2100, as one in microseconds would be', async () => {
    const hint = '1700000000000000';
    const message = await refusal(`retention.minHint=${hint}`, 'hints.unit=milliseconds');
    assert.match(message, /retention\.minHint: must be a time in milliseconds/);
    const read = async () => `retention: { minHint: "${hint}" }`;
    await loadConfig({ file: '/r.yaml', cwd: '/', read });
  });

  it('of bytes must be below that at which the set refuses items', async () => {
    const load = (retained: string, most: string) =>
      refusal(`retention.maxBytes=${retained}`, `limits.maxSetBytes=${most}`);
    assert.match(
      await load('5MiB', '5MiB'),
      /retention\.maxBytes: must be below limits\.maxSetBytes/,
    );
    const times = 'hints: { unit: milliseconds }\nretention: { maxBytes: 5MiB }';
    const read = async () => `${times}\nlimits: { maxSetBytes: 6MiB }`;
    await loadConfig({ file: '/r.yaml', cwd: '/', read });
    await loadConfig({ file: '/r.yaml', cwd: '/', read: async () => times });
  });

  it('of bytes needs hints with an end where strangers may connect, or they could push all items out', async () => {
    const retained = 'retention.maxBytes=5MiB';
    const times = 'hints.unit=milliseconds';
    const message = /retention\.maxBytes: .* set hints\.unit to milliseconds and hints\.maxAhead/;
    assert.match(await refusal(retained), message);
    assert.match(await refusal(retained, times, 'hints.maxAhead=0'), message);
    await load(retained, times);
    await load(retained, 'access.mode=list');
    await load('retention.maxBytes=0');
  });

  it('in a file is the same: sizes given as numbers have the same ends', async () => {
    const read = async () => text;
    let text = 'store: { cacheBytes: 1048576 }';
    const file = '/etc/mesh/node.yaml';
    assert.equal((await loadConfig({ file, cwd: '/', read })).store.cacheBytes, 1_048_576);
    for (const wrong of ['1048575', '1099511627777', '1048576.5']) {
      text = `store: { cacheBytes: ${wrong} }`;
      await assert.rejects(loadConfig({ file, cwd: '/', read }), /cacheBytes: must be a size/);
    }
  });

  it('takes a jitter from 0 to 1, both included', async () => {
    assert.equal((await load('sync.jitter=0')).sync.jitter, 0);
    assert.equal((await load('sync.jitter=1')).sync.jitter, 1);
    assert.match(await refusal('sync.jitter=-0.1'), /sync\.jitter: must be a number from 0 to 1/);
    assert.match(await refusal('sync.jitter=1.1'), /sync\.jitter: must be a number from 0 to 1/);
  });

  it('takes a list of up to 1,024 members', async () => {
    const hosts = (count: number) => Array.from({ length: count }, (_, i) => `h${i}`).join(',');
    assert.equal(
      (await load(`admin.allowedHosts=${hosts(1_024)}`)).admin.allowedHosts.length,
      1_024,
    );
    assert.match(await refusal(`admin.allowedHosts=${hosts(1_025)}`), /a list of at most 1024/);
  });

  it('is part of the JSON schema too', () => {
    const text = JSON.stringify(configJsonSchema());
    assert.match(text, /"minimum":1048576,"maximum":1099511627776/);
  });
});

describe('a rate of budgets', () => {
  for (const name of ['upload', 'download', 'peerUpload', 'peerDownload'] as const) {
    it(`of ${name} is none, or enough for requests to go on`, async () => {
      const key = `${name}BytesPerSecond` as const;
      for (const [text, rate] of [
        ['0', 0],
        ['64KiB', 65_536],
        ['1MB', 1_000_000],
      ] as const) {
        const { budgets } = await load(`budgets.${key}=${text}`);
        assert.equal(budgets[key], rate);
      }
      for (const text of ['1', '65535']) {
        const expected = `budgets.${key}: must be 0 for no limit, or at least 64KiB, not ${text}: requests would time out`;
        assert.equal(await refusal(`budgets.${key}=${text}`), expected);
      }
    });
  }

  it('by the hour is a line of the schedule', async () => {
    const { budgets } = await load('budgets.schedule=22:00-06:00 unlimited,08:00-09:00 1MiB');
    assert.deepEqual(budgets.schedule, ['22:00-06:00 unlimited', '08:00-09:00 1MiB']);
    assert.match(
      await refusal('budgets.schedule=22:00-06:00 slow'),
      /budgets\.schedule.*must be a time of the day and its rates, such as "22:00-06:00 unlimited"/,
    );
  });
});

describe('keys that limit each other', () => {
  it('may be equal: a frame may take as long as its session, and no longer', async () => {
    const { sync } = await load('sync.frameTimeoutMs=1000', 'sync.sessionTimeoutMs=1000');
    assert.deepEqual([sync.frameTimeoutMs, sync.sessionTimeoutMs], [1_000, 1_000]);
    assert.match(
      await refusal('sync.frameTimeoutMs=1001', 'sync.sessionTimeoutMs=1000'),
      /^sync\.frameTimeoutMs: must be at most sync\.sessionTimeoutMs \(1000\), not 1001$/,
    );
  });

  it('may be equal: the settling time may be its own maximum, and no longer', async () => {
    const { sync } = await load('sync.settleMs=300', 'sync.settleMaxMs=300');
    assert.deepEqual([sync.settleMs, sync.settleMaxMs], [300, 300]);
    assert.match(
      await refusal('sync.settleMs=301', 'sync.settleMaxMs=300'),
      /^sync\.settleMs: must be at most sync\.settleMaxMs \(300\), not 301$/,
    );
  });

  it('may meet: a degree of half the connections, and no more', async () => {
    const { network } = await load('network.degree=8', 'network.maxConnections=16');
    assert.deepEqual([network.degree, network.maxConnections], [8, 16]);
    const both = await refusal('network.degree=8', 'network.maxConnections=15');
    assert.equal(
      both,
      'network.degree: must be at most half of network.maxConnections (15), not 8',
    );
  });

  it('that contradict each other are reported under the given one', async () => {
    assert.match(
      await refusal('network.maxConnections=15'),
      /^network\.maxConnections: must be at/,
    );
    assert.match(await refusal('network.degree=200'), /^network\.degree: must be at most half/);
  });
});
