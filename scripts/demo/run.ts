import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../src/daemon/node.ts';
import { AdminClient } from '../support/admin-client.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { partOf, readTree, type SourceFile } from './files.ts';
import { LiveTable, megabytes } from './table.ts';

const NAMES = ['a', 'b', 'c'] as const;
const MAX_FILE_BYTES = 1024 * 1024;
const DEADLINE_MS = 120_000;
const LOOK_EVERY_MS = 200;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface DemoInit {
  /** An empty folder for the three data directories. */
  folder: string;
  once: boolean;
  /** Print nothing but the closing line. */
  quiet: boolean;
  signal: AbortSignal;
}

/** Payload bytes by id, of what one node holds. */
type Holdings = Map<string, number>;

/** Runs the demo; returns the exit code. Leaves no process behind, whatever happens. */
export async function runDemo(init: DemoInit): Promise<number> {
  const say = (text: string) => init.quiet || process.stdout.write(`${text}\n`);
  const table = init.quiet ? null : new LiveTable(process.stdout);
  const nodes: DaemonProcess[] = [];
  const clients: AdminClient[] = [];
  try {
    const { files, skipped } = await readTree(join(ROOT, 'node_modules'), MAX_FILE_BYTES);
    say(`${files.length} files of the installed packages; ${skipped} above 1 MiB skipped`);
    const started = performance.now();
    await startNodes(init.folder, nodes);
    for (const node of nodes) clients.push(new AdminClient(node.admin, await node.token()));
    say(`three daemons up: ${nodes.map((node) => node.admin).join(' ')}`);
    const importing = Promise.all(
      clients.map((client, node) => importFiles(client, partOf(files, node), init.signal)),
    );
    const holdings = await watched(importing, clients, table);
    say(`imported ${holdings.map((held) => held.size).join(', ')} items; joining the nodes`);
    await join3(clients);
    const statuses = await converge(clients, init, started + DEADLINE_MS, table);
    if (statuses === null) return 0;
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const result = summarize(statuses, holdings, nodes, seconds);
    if (!result.converged) say(differences(statuses));
    else say(`equal after ${seconds} s; received ${megabytes(result.received)}`);
    process.stdout.write(`${JSON.stringify(result)}\n`);
    if (!result.converged) return 1;
    if (!init.once) await stay(init, nodes, say);
    return 0;
  } finally {
    for (const client of clients) client.close();
    await Promise.all(nodes.map((node) => node?.stop()));
  }
}

/** Those that did start are in `nodes` also when another did not. */
async function startNodes(folder: string, nodes: DaemonProcess[]): Promise<void> {
  const starting = NAMES.map(async (name, node) => {
    const config = join(ROOT, 'config', 'demo', `${name}.yaml`);
    nodes[node] = await DaemonProcess.start({ config, dataDir: join(folder, name) });
  });
  await Promise.allSettled(starting);
  await Promise.all(starting);
}

/** Puts the files with 32 calls under way; returns what the node then holds. */
async function importFiles(
  client: AdminClient,
  files: readonly SourceFile[],
  signal: AbortSignal,
): Promise<Holdings> {
  const held: Holdings = new Map();
  const queue = files.values();
  const worker = async () => {
    for (const file of queue) {
      if (signal.aborted) return;
      const { id } = await client.put(await readFile(file.path), file.hint);
      held.set(id, file.bytes);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return held;
}

/** A triangle: a dials b, b dials c, c dials a. */
async function join3(clients: readonly AdminClient[]): Promise<void> {
  const statuses = await Promise.all(clients.map((client) => client.status()));
  await Promise.all(
    clients.map((client, node) => {
      const address = statuses[(node + 1) % clients.length]!.addresses[0]!;
      return client.addPeer(address);
    }),
  );
}

/** The statuses at equality or at the deadline; null when the demo was called off. */
async function converge(
  clients: readonly AdminClient[],
  init: DemoInit,
  deadline: number,
  table: LiveTable | null,
): Promise<Status[] | null> {
  for (;;) {
    const statuses = await Promise.all(clients.map((client) => client.status()));
    table?.draw(NAMES, statuses);
    if (init.signal.aborted) return null;
    if (equal(statuses) || performance.now() > deadline) return statuses;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Waits for `work`, and draws how far the nodes have come. */
async function watched<T>(
  work: Promise<T>,
  clients: readonly AdminClient[],
  table: LiveTable | null,
): Promise<T> {
  let over = false;
  const settled = work.finally(() => {
    over = true;
  });
  while (!over && table !== null) {
    table.draw(NAMES, await Promise.all(clients.map((client) => client.status())));
    await Promise.race([settled, sleep(LOOK_EVERY_MS)]);
  }
  return settled;
}

/** Equal for an onlooker, and known to be equal by all three themselves. */
function equal(statuses: readonly Status[]): boolean {
  const [first] = statuses;
  return statuses.every(
    ({ set, peers }) =>
      set.fingerprint === first?.set.fingerprint &&
      set.items === first.set.items &&
      peers.filter((peer) => peer.connected && peer.inSync).length === statuses.length - 1,
  );
}

function summarize(
  statuses: readonly Status[],
  holdings: readonly Holdings[],
  nodes: readonly DaemonProcess[],
  seconds: number,
) {
  const union: Holdings = new Map(holdings.flatMap((held) => [...held]));
  let needed = 0;
  for (const held of holdings) {
    for (const [id, bytes] of union) if (!held.has(id)) needed += bytes;
  }
  const { set } = statuses[0]!;
  return {
    nodes: nodes.length,
    items: set.items,
    bytes: set.bytes,
    converged: equal(statuses) && set.items === union.size,
    fingerprint: set.fingerprint,
    seconds,
    received: statuses.reduce((sum, { transfer }) => sum + transfer.receivedBytes, 0),
    needed,
    admin: nodes.map((node) => node.admin),
  };
}

function differences(statuses: readonly Status[]): string {
  const rows = statuses.map(({ set, wanted, peers }, node) => {
    const unequal = peers.filter((peer) => !peer.inSync).map((peer) => peer.peerId);
    return (
      `${NAMES[node]}: ${set.items} items, fingerprint ${set.fingerprint.slice(0, 16)}, ` +
      `${wanted} wanted, not in sync with ${unequal.join(' ') || 'nobody'}`
    );
  });
  return ['not equal after 120 s:', ...rows].join('\n');
}

async function stay(
  init: DemoInit,
  nodes: readonly DaemonProcess[],
  say: (text: string) => unknown,
): Promise<void> {
  say('the nodes stay up; their admin endpoints:');
  for (const node of nodes) say(`  ${node.admin}/v1/status   (data in ${node.dataDir})`);
  say('Ctrl-C ends the demo and removes its data.');
  if (!init.signal.aborted) await once(init.signal, 'abort');
}
