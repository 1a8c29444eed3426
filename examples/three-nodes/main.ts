import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createLogger, type Daemon, hostSystem, loadConfig, startDaemon } from 'rangemesh';

const HELP = `Usage: three-nodes [FOLDER] [--once]

Runs a node for each configuration file (*.yaml) of the folder, puts an item on each, and waits until all
nodes are equal. Then it goes on until Ctrl-C.

  FOLDER  the folder of this example, if none is given
  --once  end as soon as the nodes are equal
`;

const OPTIONS = {
  once: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;
const EQUAL_WITHIN_MS = 60_000;

interface Named {
  readonly name: string;
  readonly daemon: Daemon;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) return console.log(HELP);
  const [folder = fileURLToPath(new URL('.', import.meta.url))] = positionals;
  const nodes: Named[] = [];
  const stop = () => Promise.all(nodes.map(({ daemon }) => daemon.stop()));
  try {
    for (const file of await configurations(folder)) nodes.push(await start(file));
    for (const { name, daemon } of nodes) {
      await daemon.node.put(new TextEncoder().encode(`written on node ${name}`), 0n);
    }
    const items = await equal(nodes.map(({ daemon }) => daemon));
    for (const { name, daemon } of nodes) console.log(`node ${name}: ${daemon.admin}`);
    console.log(`all nodes hold the same ${items} items`);
    if (!values.once) await asked();
  } finally {
    await stop();
  }
}

async function configurations(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.yaml')).sort();
  if (files.length === 0) throw new Error(`${folder} has no configuration (*.yaml)`);
  return files.map((name) => join(folder, name));
}

async function start(file: string): Promise<Named> {
  const read = (path: string) => readFile(path, 'utf8');
  const config = await loadConfig({ file, cwd: process.cwd(), read });
  const system = hostSystem();
  const logger = createLogger({ clock: system.clock, level: 'error' });
  return { name: basename(file, '.yaml'), daemon: await startDaemon({ config, system, logger }) };
}

/** Resolves with the number of items once all nodes hold the same set. */
async function equal(daemons: readonly Daemon[]): Promise<number> {
  const deadline = performance.now() + EQUAL_WITHIN_MS;
  while (performance.now() < deadline) {
    const sets = daemons.map((daemon) => daemon.node.status().set);
    const { items, fingerprint } = sets[0]!;
    const isSame = sets.every((set) => set.items === items && set.fingerprint === fingerprint);
    if (isSame && items >= daemons.length && fingerprint !== null) return items;
    await pause(50);
  }
  throw new Error('the nodes did not become equal: is one of them without peers?');
}

/** Resolves when the program is asked to end. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

main().catch((error) => {
  console.error(`three-nodes: ${error.message}`);
  process.exitCode = 1;
});
