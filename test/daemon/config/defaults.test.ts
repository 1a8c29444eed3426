import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { type Config, LEAVES, loadConfig } from '../../../src/daemon/config/index.ts';
import {
  DEFAULT_POLICY_OPTIONS,
  DEFAULT_QUOTA_OPTIONS,
} from '../../../src/daemon/guard/options.ts';
import * as mesh from '../../../src/daemon/mesh/options.ts';
import * as given from '../../../src/daemon/node/testing.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from '../../../src/daemon/replicator/options.ts';
import { DEFAULT_NATIVE_LIMITS } from '../../../src/protocol/index.ts';
import * as protocol from '../../../src/protocol/options.ts';
import * as store from '../../../src/store/options.ts';

const ROOT = new URL('../../../', import.meta.url);

const read = (path: string) => readFile(new URL(path, ROOT), 'utf8');

function load(...settings: [path: string, value: string][]): Promise<Config> {
  const flags = settings.map(([path, value]) => ({ path, value, source: '--set' }));
  return loadConfig({ cwd: '/', flags, read: () => assert.fail('no file is read') });
}

/** The number that a comment or a table means by `4 KiB`, `65_536`, `65,536`, `7 days` or `no limit`. */
function numberOf(text: string): number {
  if (text === 'no limit') return Number.POSITIVE_INFINITY;
  const [, digits = '', unit = ''] = /^([\d_,.]+)(?: (KiB|MiB|days))?/.exec(text) ?? [];
  const units: Record<string, number> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, days: 86_400_000 };
  return digits === '' ? Number.NaN : Number(digits.replace(/[_,]/g, '')) * units[unit]!;
}

/** The numbers that the comments of an interface, and of those it extends, give as defaults, by option. */
function commentedDefaults(sources: string, name: string): Record<string, number> {
  const pattern = new RegExp(`interface ${name}(?: extends (\\w+))? \\{\\n(.*?)\\n\\}`, 's');
  const [, base, body = ''] = pattern.exec(sources) ?? [];
  const comments = body.matchAll(
    /@default ([^\n]+?)(?: \*\/|\n\s*\*\/)\n {2}(?:readonly )?(\w+):/g,
  );
  return {
    ...(base !== undefined && commentedDefaults(sources, base)),
    ...Object.fromEntries(
      [...comments]
        .filter(([, text]) => !text!.startsWith("'"))
        .map(([, text, key]) => [key!, numberOf(text!)]),
    ),
  };
}

function numbersOf(defaults: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(defaults).filter(([, value]) => typeof value === 'number'),
  );
}

/** The entries of `defaults` that `options` has too. */
function sameKeys(defaults: object, options: object): object {
  return Object.fromEntries(Object.entries(defaults).filter(([key]) => key in options));
}

describe('a default', () => {
  it('that is told twice is the same in the comment of its option', async () => {
    const files = await readdir(new URL('src', ROOT), { recursive: true });
    let sources = '';
    const places: [name: string, defaults: object][] = [];
    for (const file of files.filter((path) => path.endsWith('/options.ts'))) {
      const source = await read(`src/${file}`);
      sources += source;
      const values = await import(new URL(`src/${file}`, ROOT).href);
      for (const [, value, name] of source.matchAll(/export const (DEFAULT_\w+): (\w+) = /g)) {
        places.push([name!, values[value!]]);
      }
    }
    assert.equal(places.length, 15, places.map(([name]) => name).join());
    for (const [name, defaults] of places) {
      assert.deepEqual(commentedDefaults(sources, name), numbersOf(defaults), name);
    }
  });

  it('is the same in the daemon and in the part that a key steers', async () => {
    const config = await load();
    const parts: [options: object, defaults: object][] = [
      [given.replicatorOptions(config), DEFAULT_REPLICATOR_OPTIONS],
      [given.fetchOptions(config), protocol.DEFAULT_FETCH_OPTIONS],
      [given.announceOptions(config), protocol.DEFAULT_ANNOUNCE_OPTIONS],
      [given.indexOptions(config), store.DEFAULT_INDEX],
      [sameKeys(config.policy, DEFAULT_POLICY_OPTIONS), DEFAULT_POLICY_OPTIONS],
      [config.quotas, DEFAULT_QUOTA_OPTIONS],
    ];
    for (const [options, defaults] of parts) {
      assert.deepEqual(options, sameKeys(defaults, options));
    }
    const { limits, ...sessions } = given.reconcileOptions(config);
    assert.deepEqual(sessions, sameKeys(protocol.DEFAULT_RECONCILE_OPTIONS, sessions));
    assert.deepEqual(limits, sameKeys(protocol.DEFAULT_SESSION_LIMITS, limits));
    const connections = given.meshOptions(config);
    assert.deepEqual(connections, sameKeys(mesh.DEFAULT_MESH_OPTIONS, connections));
    assert.equal(config.network.degree, mesh.DEFAULT_DISCOVERY_OPTIONS.degree);
  });

  it('differs between daemon and store for two keys, on purpose', async () => {
    const config = await load();
    const limits = given.replicaLimits(config);
    assert.deepEqual(
      { ...limits, ...config.scrub },
      {
        ...sameKeys(store.DEFAULT_LIMITS, limits),
        ...store.DEFAULT_SCRUB,
        minFreeBytes: 256 * 2 ** 20,
        itemsPerSecond: 20,
      },
    );
  });

  it('stands in the tables of the documentation as it is', async () => {
    const defaults = await load();
    let rows = 0;
    for (const name of await readdir(new URL('docs', ROOT))) {
      if (!name.endsWith('.md')) continue;
      const text = await read(`docs/${name}`);
      for (const [, path = '', value = ''] of text.matchAll(
        /^\| `(\w+\.\w+)` \| (\S+) \| .* \|$/gm,
      )) {
        const [section = '', key = ''] = path.split('.');
        if (LEAVES.get(section)?.has(key) !== true) continue;
        assert.deepEqual(await load([path, value]), defaults, `docs/${name}: ${path}`);
        rows++;
      }
    }
    assert.equal(rows, 13);
  });

  it('stands in the description of the protocol as it is', async () => {
    const text = await read('docs/protocol-native.md');
    const { frameTimeoutMs, sessionTimeoutMs } = protocol.DEFAULT_RECONCILE_OPTIONS;
    const limits = numbersOf({ ...DEFAULT_NATIVE_LIMITS, frameTimeoutMs, sessionTimeoutMs });
    const rows = [...text.matchAll(/^\| `(\w+)`: [^|]+ \| ([^|]+) \|/gm)].filter(
      ([, key]) => key! in limits,
    );
    assert.equal(rows.length, 12, rows.map(([, key]) => key).join());
    for (const [, key, value] of rows) assert.equal(numberOf(value!), limits[key!], key);
  });
});

describe('a key of the configuration', () => {
  it('becomes an option of a part under its own name, or is one of two that choose parts', async () => {
    const config = await load();
    const { limits: session, ...sessions } = given.reconcileOptions(config);
    const options = {
      ...session,
      ...sessions,
      ...given.replicatorOptions(config),
      ...given.fetchOptions(config),
      ...given.announceOptions(config),
      ...given.replicaLimits(config),
      ...given.indexOptions(config),
    };
    const sections = ['sync', 'fetch', 'push', 'limits', 'store'];
    const keys = sections.flatMap((section) => [...LEAVES.get(section)!.keys()]);
    const parts = ['dialect', 'enabled'];
    assert.deepEqual(
      keys.filter((key) => !(key in options)),
      parts,
    );
    assert.equal(new Set(keys).size, keys.length, 'two sections share a key');
  });

  it('turns a limit of 0 bytes for the set into none, and lets a snapshot outlive a session', async () => {
    const none = given.replicaLimits(await load(['limits.maxSetBytes', '0']));
    assert.equal(none.maxSetBytes, Number.POSITIVE_INFINITY);
    const some = given.replicaLimits(await load(['limits.maxSetBytes', '1B']));
    assert.equal(some.maxSetBytes, 1);
    const long = given.indexOptions(await load(['sync.sessionTimeoutMs', '600001']));
    assert.equal(long.maxSnapshotAgeMs, 600_001);
  });
});
