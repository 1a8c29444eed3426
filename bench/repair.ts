import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { inChild, round, withDirectory } from './support/child.ts';
import { metricsOf, sumOf, WIRE_BYTES } from './support/metrics.ts';
import { type BenchNode, joinNodes, startNode, stopNode } from './support/node.ts';
import { cpuSecondsOfAll } from './support/processor.ts';

/** Items that each side wrote apart. */
const APART = 1_000;
const LOOK_EVERY_MS = 100;
/** A node that was just started has work to end. */
const QUIET_MS = 1_000;
const QUIET_CPU_MS = 50;
const LIMIT_MS = 120_000;

/** What `--json` prints. Figures begin when one side is told of the other. */
export interface RepairFigures {
  readonly bench: 'repair';
  readonly items: number;
  /** Until both sides hold everything. */
  readonly seconds: number;
  /** Bytes of the connection in both directions, over the items that moved. */
  readonly wireBytesPerItem: number;
  /** Of both daemons. */
  readonly cpuMs: number;
  /** Frames of sessions that both sides received. */
  readonly rounds: number;
}

/**
 * `bench -- repair [--n N] [--item-bytes B] [--json]`: two daemons over TCP that were apart, and wrote 1,000 items
 * each. `--item-bytes 0`: sessions bring ids alone.
 */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    n: { type: 'string', default: '100000' },
    'item-bytes': { type: 'string' },
  } as const;
  const { values } = parseArgs({ args, options });
  const itemBytes = values['item-bytes'];
  const settings = itemBytes === undefined ? {} : { 'sync.itemBytes': itemBytes };
  const figures = await withDirectory((directory) => run(directory, Number(values.n), settings));
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function run(
  directory: string,
  items: number,
  settings: Readonly<Record<string, string>>,
): Promise<RepairFigures> {
  const filled = join(directory, 'side-0');
  await inChild(new URL('./catchup/fill-main.ts', import.meta.url), filled, String(items));
  const other = join(directory, 'side-1');
  await cp(filled, other, { recursive: true });
  const nodes: BenchNode[] = [];
  try {
    for (const side of [filled, other]) {
      const script = new URL('./repair/apart-main.ts', import.meta.url);
      await inChild(script, side, String(items), String(APART));
      const quiet = { 'scrub.itemsPerSecond': '0', ...settings };
      nodes.push(await startNode({ dataDir: side, settings: quiet }));
    }
    return { bench: 'repair', items, ...(await repair(nodes, items + 2 * APART)) };
  } finally {
    for (const node of nodes) await stopNode(node, 'SIGKILL');
  }
}

async function repair(nodes: readonly BenchNode[], whole: number) {
  const cpuBefore = await quiet(nodes);
  const begin = performance.now();
  await joinNodes(nodes[0]!, nodes[1]!);
  const end = begin + LIMIT_MS;
  for (const node of nodes) {
    for (;;) {
      const held = sumOf(await metricsOf(node), /^rangemesh_items (\d+)/gm);
      if (held >= whole) break;
      if (performance.now() > end) throw new Error(`not within ${LIMIT_MS} ms: ${held} items`);
      await pause(LOOK_EVERY_MS);
    }
  }
  const seconds = (performance.now() - begin) / 1_000;
  const cpuMs = (await cpuMsOf(nodes)) - cpuBefore;
  const texts = await Promise.all(nodes.map(metricsOf));
  const wire = sumOf(texts[0]!, WIRE_BYTES);
  const rounds = texts.map((text) => sumOf(text, /^rangemesh_session_round_trips_sum (\d+)$/gm));
  return {
    seconds: round(seconds, 2),
    wireBytesPerItem: round(wire / (2 * APART)),
    cpuMs: Math.round(cpuMs),
    rounds: rounds[0]! + rounds[1]!,
  };
}

/** Waits until the nodes rest; the processor time that they have used. */
async function quiet(nodes: readonly BenchNode[]): Promise<number> {
  for (let before = await cpuMsOf(nodes); ; ) {
    await pause(QUIET_MS);
    const used = await cpuMsOf(nodes);
    if (used - before < QUIET_CPU_MS) return used;
    before = used;
  }
}

async function cpuMsOf(nodes: readonly BenchNode[]): Promise<number> {
  return 1_000 * (await cpuSecondsOfAll(nodes.map(({ daemon }) => daemon.pid)));
}
