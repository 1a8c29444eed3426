/**
 * `node composed.ts FOLDER`, in namespaces of its own: runs the nodes of the compose file under their names, and
 * Prometheus with the configuration of the compose file. Prints the facts that the test looks at.
 */
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AdminClient } from '../../../src/daemon/client/index.ts';
import { until } from '../../e2e/support/mesh.ts';
import { ROOT } from './pack.ts';

const [, , folder = ''] = process.argv;
const COMPOSE = join(ROOT, 'deploy/compose');
const LAUNCHER = join(ROOT, 'bin/rangemesh.js');
const WAIT_MS = 120_000;
const token = (await readFile(join(folder, 'admin.token'), 'utf8')).trim();

function run(program: string, argv: readonly string[], env: Record<string, string> = {}) {
  const stdio = ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'];
  const child = spawn(program, argv, { env, stdio });
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

async function startNode(name: string, host: string): Promise<AdminClient> {
  const argv = [
    ...[LAUNCHER, 'start', '--config', join(COMPOSE, 'rangemesh.yaml')],
    ...['--data-dir', join(folder, name), '--psk-file', join(folder, 'mesh.psk')],
    ...['--token-file', join(folder, 'admin.token'), '--listen', `/ip4/${host}/tcp/9463`],
    // In a container the endpoint is beyond loopback, and there reading needs the token by itself.
    ...['--admin-host', host, '--set', 'admin.readToken=true'],
  ];
  const env = { RANGEMESH_NETWORK_ANNOUNCE: `/dns4/${name}/tcp/9463` };
  const { stdout } = run(process.execPath, argv, env);
  for await (const line of createInterface({ input: stdout })) {
    if (JSON.parse(line).event === 'started') break;
  }
  stdout.resume();
  return new AdminClient({ url: `http://${name}:9464`, token, fetch });
}

async function startPrometheus(): Promise<void> {
  const text = await readFile(join(COMPOSE, 'prometheus.yml'), 'utf8');
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, text.replace('/keys/', `${folder}/`).replace('15s', '1s'));
  const rules = await readFile(join(ROOT, 'docs/operations/alerts.yaml'));
  await writeFile(join(folder, 'alerts.yaml'), rules);
  const argv = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`];
  run('prometheus', argv).stdout.resume();
}

async function asked(path: string) {
  try {
    const answer = await fetch(`http://127.0.0.1:9090/api/v1/${path}`);
    return ((await answer.json()) as { data: Record<string, { value?: unknown[] }[]> }).data;
  } catch {
    return {};
  }
}

await startPrometheus();
const nodes = await Promise.all(
  ['a', 'b', 'c'].map((name, i) => startNode(name, `127.0.0.${i + 2}`)),
);
const { id } = await nodes[0]!.putItem(new TextEncoder().encode('an item'));
const held = await until(
  () =>
    Promise.all(
      nodes.map((node) =>
        node.getItem(id).then(
          () => 1,
          () => 0,
        ),
      ),
    ),
  (each) => !each.includes(0),
  WAIT_MS,
);
const up = await until(
  async () => (await asked('query?query=up')).result?.map(({ value }) => value?.[1]) ?? [],
  (values) => values.join() === '1,1,1',
  WAIT_MS,
);
const { groups } = await asked('rules');
const { status } = await fetch('http://a:9464/metrics');
console.log(JSON.stringify({ held, up, groups: groups?.length, withoutToken: status }));
process.exit();
