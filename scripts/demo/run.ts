import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../src/daemon/index.ts';
import { AdminClient } from '../support/admin-client.ts';
import { DaemonProcess } from '../support/daemon-process.ts';
import { partOf, readTree, type SourceFile } from './files.ts';
import { LiveTable, megabytes, shortened } from './table.ts';

const NAMES = ['a', 'b', 'c'] as const;
const MAX_FILE_BYTES = 1024 * 1024;
/** From the first spawn to equality; nothing in between may take longer. */
const DEADLINE_MS = 300_000;
/** Daemons promise to end within ten seconds. */
const PATIENCE_MS = 12_000;
const LOOK_EVERY_MS = 200;
const CALLED_OFF = 130;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface DemoInit {
  /** An empty folder for the three data directories. */
  folder: string;
  /** The directory tree whose files are imported. */
  tree: string;
  once: boolean;
  /** Print nothing but the result as JSON, and what went wrong. */
  quiet: boolean;
  /** Calls the demo off. */
  signal: AbortSignal;
}

/** Payload bytes by id, of what one node holds. */
type Holdings = Map<string, number>;

/** The demo while it runs. */
interface Stage {
  readonly init: DemoInit;
  readonly nodes: DaemonProcess[];
  readonly clients: AdminClient[];
  readonly table: LiveTable | null;
  readonly say: (text: string) => void;
  /** Aborts when time is up. */
  readonly late: AbortSignal;
  /** Aborts then, and when the demo is called off. */
  readonly signal: AbortSignal;
  doing: string;
}

/** Runs the demo; returns the exit code. Leaves no process behind, whatever happens. */
export async function runDemo(init: DemoInit): Promise<number> {
  const late = new AbortController();
  const table = init.quiet ? null : new LiveTable(process.stdout);
  const stage: Stage = {
    init,
    nodes: [],
    clients: [],
    table,
    say: (text) => table?.say(text),
    late: late.signal,
    signal: AbortSignal.any([init.signal, late.signal]),
    doing: 'reading the tree',
  };
  try {
    const { files, skipped } = await readTree(init.tree, MAX_FILE_BYTES);
    stage.say(`${files.length} files of the installed packages; ${skipped} above 1 MiB skipped`);
    const timer = setTimeout(() => late.abort(), DEADLINE_MS);
    const exitCode = await play(stage, files).finally(() => clearTimeout(timer));
    if (exitCode === 0 && !init.once) await stay(stage);
    return exitCode;
  } catch (error) {
    return explain(stage, error as Error);
  } finally {
    for (const client of stage.clients) client.close();
    await Promise.all(stage.nodes.map(end));
  }
}

/** From the first spawn to the closing line. */
async function play(stage: Stage, files: readonly SourceFile[]): Promise<number> {
  const started = performance.now();
  const { nodes, clients, say } = stage;
  stage.doing = 'starting the daemons';
  await startNodes(stage);
  say(`three daemons up: ${nodes.map((node) => node.admin).join(' ')}`);
  stage.doing = 'importing';
  const importing = Promise.all(
    clients.map((client, node) => importFiles(client, partOf(files, node), stage.signal)),
  );
  const holdings = await watched(importing, stage);
  say(`imported ${holdings.map((held) => held.size).join(', ')} items; joining the nodes`);
  stage.doing = 'joining the nodes';
  await join3(clients);
  stage.doing = 'reconciling';
  const statuses = await converge(stage);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const union: Holdings = new Map(holdings.flatMap((held) => [...held]));
  const result = summarize(statuses, { holdings, union, nodes, seconds });
  stage.table?.finish();
  if (stage.init.quiet) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.converged) say(closingWords(result));
  else complain(differences(statuses, union.size));
  return result.converged ? 0 : 1;
}

function explain({ init, late, doing }: Stage, error: Error): number {
  if (init.signal.aborted) {
    complain('called off');
    return CALLED_OFF;
  }
  complain(late.aborted ? `not equal after 300 s: still ${doing}` : `${doing}: ${error.message}`);
  return 1;
}

function complain(text: string): void {
  process.stderr.write(`demo: ${text}\n`);
}

async function end(node: DaemonProcess): Promise<void> {
  const timer = setTimeout(() => node.stop('SIGKILL'), PATIENCE_MS);
  await node.stop();
  clearTimeout(timer);
}

/** Those that did start are in `nodes` also when another did not. */
async function startNodes({ init, nodes, clients, signal }: Stage): Promise<void> {
  const starting = NAMES.map(async (name, node) => {
    const config = join(ROOT, 'config', 'demo', `${name}.yaml`);
    const dataDir = join(init.folder, name);
    nodes[node] = await DaemonProcess.start({ config, dataDir, signal });
  });
  await Promise.allSettled(starting);
  await Promise.all(starting);
  for (const node of nodes) {
    clients.push(new AdminClient({ url: node.admin, token: await node.token(), signal }));
  }
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
      signal.throwIfAborted();
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

/** The statuses at equality, or the last that could be had before time was up. */
async function converge({ clients, init, late, table }: Stage): Promise<Status[]> {
  let last: Status[] | undefined;
  for (;;) {
    try {
      last = await Promise.all(clients.map((client) => client.status()));
    } catch (error) {
      if (last === undefined || init.signal.aborted || !late.aborted) throw error;
      return last;
    }
    table?.draw(NAMES, last);
    if (equal(last)) return last;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Waits for `work`, and draws how far the nodes have come. */
async function watched<T>(work: Promise<T>, { clients, table }: Stage): Promise<T> {
  let over = false;
  const settled = work.finally(() => {
    over = true;
  });
  // When drawing fails first, the work is not awaited any more.
  settled.catch(() => undefined);
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
      set.fingerprint !== null &&
      set.fingerprint === first?.set.fingerprint &&
      set.items === first.set.items &&
      peers.filter((peer) => peer.connected && peer.inSync).length === statuses.length - 1,
  );
}

interface Outcome {
  /** What each node held after the import. */
  readonly holdings: readonly Holdings[];
  readonly union: Holdings;
  readonly nodes: readonly DaemonProcess[];
  readonly seconds: number;
}

function summarize(statuses: readonly Status[], { holdings, union, nodes, seconds }: Outcome) {
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

function closingWords({
  seconds,
  items,
  bytes,
  received,
  needed,
}: ReturnType<typeof summarize>): string {
  const held = `${items} items, ${megabytes(bytes)}`;
  const traffic = `${megabytes(received)} were received, and ${megabytes(needed)} needed`;
  return `the three are equal after ${seconds} s: each holds ${held}; ${traffic}`;
}

function differences(statuses: readonly Status[], imported: number): string {
  const rows = statuses.map(({ set, wanted, peers }, node) => {
    const unequal = peers.filter((peer) => !peer.inSync).map((peer) => peer.peerId);
    return (
      `${NAMES[node]}: ${set.items} items, fingerprint ${shortened(set)}, ` +
      `${wanted} wanted, peers not in sync: ${unequal.join(' ') || 'none'}`
    );
  });
  const what = equal(statuses)
    ? `the nodes are equal, but hold ${statuses[0]!.set.items} of the ${imported} imported items:`
    : 'not equal after 300 s:';
  return [what, ...rows].join('\n');
}

async function stay({ init, nodes, say }: Stage): Promise<void> {
  say('the nodes stay up; their admin endpoints:');
  for (const node of nodes) say(`  ${node.admin}/v1/status   (data in ${node.dataDir})`);
  say('Ctrl-C ends the demo and removes its data.');
  if (!init.signal.aborted) await once(init.signal, 'abort');
}
