import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { loadConfig } from '../../src/daemon/config/index.ts';
import { verbsOf } from '../daemon/cli/tree.ts';
import { cleanUp } from '../support/clean-up.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = join(ROOT, 'deploy/compose');
const NODES = ['a', 'b', 'c'];
/** Services that end at once. */
const ONCE = ['keys', 'prometheus-data'];

interface Service {
  image: string;
  restart?: string;
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes: string[];
  healthcheck?: { test: string[] };
  security_opt?: string[];
}

const read = (name: string) => readFile(join(FOLDER, name), 'utf8');
const yaml = async (name: string) => parse(await read(name), { merge: true });
const services = async (): Promise<Record<string, Service>> =>
  (await yaml('compose.yaml')).services;

/** Source and target of each mount. */
function mountsOf({ volumes }: Service): [source: string, target: string][] {
  return volumes.map((volume) => {
    const [source = '', target = ''] = volume.split(':');
    return [source, target];
  });
}

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rangemesh-compose-'));
  cleanUp(context, () => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('the compose file', () => {
  it('mounts volumes that it declares, and files that the package holds', async () => {
    const { volumes } = await yaml('compose.yaml');
    const used = new Set<string>();
    for (const [name, service] of Object.entries(await services())) {
      for (const [source] of mountsOf(service)) {
        const path = resolve(FOLDER, source);
        if (!source.startsWith('.')) used.add(source);
        else {
          assert.ok(existsSync(path), `${name} mounts ${source}`);
          const inside = relative(ROOT, path);
          assert.ok(
            manifest.files.some((each) => `${inside}/`.startsWith(`${each}/`)),
            inside,
          );
        }
      }
    }
    assert.deepEqual([...used].sort(), Object.keys(volumes).sort());
  });

  it('runs services without rights, which are looked after and reached from this machine alone', async () => {
    const all = Object.entries(await services());
    assert.deepEqual(
      all.map(([name]) => name).sort(),
      [...NODES, ...ONCE, 'grafana', 'prometheus'].sort(),
    );
    for (const [name, service] of all) {
      assert.match(service.image, /^rangemesh$|:v?\d+\.\d+\.\d+$/, 'a version stays what it is');
      if (ONCE.includes(name)) continue;
      assert.equal(service.restart, 'unless-stopped', name);
      assert.equal(service.healthcheck?.test[0], 'CMD', name);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
      for (const port of service.ports!) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name);
    }
  });

  it('makes the keys of the mesh once', async (context) => {
    const folder = await folderOf(context);
    const { entrypoint, command } = (await services()).keys!;
    const script = command![0]!
      .replaceAll('/data', folder)
      .replace('node bin/', `${process.execPath} bin/`);
    const run = promisify(execFile);
    const once = () => run(entrypoint![0]!, [...entrypoint!.slice(1), script], { cwd: ROOT });
    const keys = () =>
      Promise.all(['mesh.psk', 'admin.token'].map((name) => readFile(join(folder, name), 'utf8')));
    await once();
    const made = await keys();
    assert.match(made[1]!, /^[0-9a-f]{64}$/);
    await once();
    assert.deepEqual(await keys(), made);
  });

  it('gives each node a configuration that counts, with the keys in the volume', async () => {
    const all = await services();
    for (const name of NODES) {
      const { environment, command } = all[name]!;
      const mounts = new Map(mountsOf(all[name]!).map(([source, target]) => [target, source]));
      const file = resolve(FOLDER, mounts.get(command!.at(-1)!)!);
      const config = await loadConfig({
        ...{ file, env: environment!, flags: [], cwd: '/' },
        read: (path) => readFile(path, 'utf8'),
      });
      assert.deepEqual(config.network.announce, [`/dns4/${name}/tcp/9463`]);
      assert.deepEqual(
        config.network.peers,
        NODES.map((each) => `/dns4/${each}/tcp/9463`),
      );
      assert.equal(mounts.get(config.node.dataDir), name);
      assert.equal(mounts.get('/keys'), 'keys');
      const files = [config.access.pskFile, config.admin.tokenFile];
      assert.deepEqual(files, ['/keys/mesh.psk', '/keys/admin.token']);
      assert.ok(config.admin.allowedHosts.includes(name));
    }
  });
});

describe('the compose file in the docs', () => {
  it('is used by commands of services and verbs that exist', async () => {
    const page = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
    const own = page.split('\n### Compose\n')[1]!.split(/\n##/)[0]!;
    const names = Object.keys(await services());
    const used = [...own.matchAll(/docker compose exec (\w+) .*?rangemesh\.js (\w+)/g)];
    assert.deepEqual(
      used.map(([, service]) => service),
      NODES,
    );
    const verbs = [...verbsOf().keys()];
    for (const [, , verb] of used) assert.ok(verbs.includes(verb!), verb);
    const ports = Object.values(await services()).flatMap(({ ports = [] }) => ports);
    const published = ports.map((port) => port.split(':')[1]).sort();
    const listed = [...own.matchAll(/^\| (`.*?) \|/gm)].flatMap(
      ([, cell]) => cell!.match(/\d{4}/g) ?? [],
    );
    assert.deepEqual(listed.sort(), published);
    assert.ok(names.includes('keys') && own.includes('`keys`'));
  });
});

describe('Prometheus in the compose file', () => {
  it('reads all nodes under the name that alerts and dashboard expect', async () => {
    const { scrape_configs, rule_files } = await yaml('prometheus.yml');
    const [{ job_name, static_configs, authorization }] = scrape_configs;
    assert.equal(job_name, 'rangemesh');
    assert.deepEqual(
      static_configs[0].targets,
      NODES.map((name) => `${name}:9464`),
    );
    const targets = mountsOf((await services()).prometheus!).map(([, target]) => target);
    assert.ok(targets.includes(`/etc/prometheus/${rule_files[0]}`));
    assert.ok(authorization.credentials_file.startsWith('/keys/') && targets.includes('/keys'));
  });

  it('has a configuration and rules that promtool can read', async (context) => {
    const folder = await folderOf(context);
    const text = (await read('prometheus.yml')).replace('/keys/', `${folder}/`);
    await writeFile(join(folder, 'prometheus.yml'), text);
    await writeFile(join(folder, 'admin.token'), 'token');
    const rules = await readFile(join(ROOT, 'docs/operations/alerts.yaml'));
    await writeFile(join(folder, 'alerts.yaml'), rules);
    const argv = ['check', 'config', join(folder, 'prometheus.yml')];
    const { error, status, stdout, stderr } = spawnSync('promtool', argv, { encoding: 'utf8' });
    if (error !== undefined) {
      context.skip("no promtool here: Debian's package prometheus has it");
      return;
    }
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /SUCCESS: \d+ rules found/);
  });
});

describe('Grafana in the compose file', () => {
  it('finds Prometheus and the dashboard by itself', async () => {
    const { grafana, prometheus } = await services();
    const [source] = (await yaml('grafana/datasource.yaml')).datasources;
    assert.deepEqual([source.type, source.isDefault], ['prometheus', true]);
    const { hostname, port } = new URL(source.url);
    assert.equal(hostname, 'prometheus');
    assert.ok(prometheus!.ports!.some((each) => each.endsWith(`:${port}`)));
    const [provider] = (await yaml('grafana/dashboards.yaml')).providers;
    const home = grafana!.environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!;
    assert.ok(home.startsWith(`${provider.options.path}/`));
    const mounts = mountsOf(grafana!);
    const [dashboard] = mounts.find(([, target]) => target === home)!;
    const { uid } = JSON.parse(await readFile(resolve(FOLDER, dashboard), 'utf8'));
    assert.equal(uid, 'rangemesh');
    const provisioned = mounts.filter(([, target]) =>
      target.startsWith('/etc/grafana/provisioning/'),
    );
    assert.equal(provisioned.length, 2);
  });

  it('has no account with a password that everyone knows', async () => {
    const { environment } = (await services()).grafana!;
    assert.equal(environment!.GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION, 'true');
    assert.equal(environment!.GF_AUTH_ANONYMOUS_ORG_ROLE, 'Viewer');
  });
});
