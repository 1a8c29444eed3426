import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { caughtUp, loopOf, WATCHED } from './foreground/busy-node.ts';
import { type CallLatencies, type CallLatency, Calls, READ_ITEMS } from './foreground/calls.ts';
import { inChild, round, withDirectory } from './support/child.ts';
import { type BenchNode, joinNodes, startNode, stopNode } from './support/node.ts';

const IDLE_SECONDS = 10;

/** What `--json` prints. */
export interface ForegroundFigures {
  readonly bench: 'foreground';
  readonly items: number;
  /** How long the catch-up took. */
  readonly seconds: number;
  /** Of `GET /v1/items/{id}` at a node without peers. */
  readonly idleP99Ms: number;
  /** Likewise while the node catches up. */
  readonly busyP99Ms: number;
  /** `busyP99Ms` over `idleP99Ms`. */
  readonly ratio: number;
  /** Of `POST /v1/items`, likewise; a tenth of the calls. */
  readonly idlePutP99Ms: number;
  readonly busyPutP99Ms: number;
  /** Delay of the event loop of the node that catches up. */
  readonly loopP99Ms: number;
  /** The same figures without the time in which other programs had the processor. */
  readonly own: {
    readonly idleP99Ms: number;
    readonly busyP99Ms: number;
    readonly ratio: number;
    readonly idlePutP99Ms: number;
    readonly busyPutP99Ms: number;
    readonly loopP99Ms: number;
  };
  /** Of the processor, that the main thread of the node used during such calls, whatever they wait for. */
  readonly used: {
    readonly idleP99Ms: number;
    readonly busyP99Ms: number;
    readonly ratio: number;
    readonly idlePutP99Ms: number;
    readonly busyPutP99Ms: number;
  };
}

/** `bench -- foreground [--items N] [--json]`: reads and puts over HTTP at a node that catches up, two daemons over TCP. */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    items: { type: 'string', default: '200000' },
    'cpu-prof': { type: 'string' },
  } as const;
  const { values } = parseArgs({ args, options });
  const profiles = values['cpu-prof'];
  const execArgv = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const figures = await withDirectory((directory) =>
    run(directory, Number(values.items), execArgv),
  );
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function run(
  directory: string,
  items: number,
  execArgv: readonly string[],
): Promise<ForegroundFigures> {
  const filled = join(directory, 'full');
  await inChild(new URL('./catchup/fill-main.ts', import.meta.url), filled, String(items));
  const nodes: BenchNode[] = [];
  try {
    const full = await startNode({ dataDir: filled });
    nodes.push(full);
    const hooked = [...WATCHED, ...execArgv];
    const empty = await startNode({ dataDir: join(directory, 'empty'), execArgv: hooked });
    nodes.push(empty);
    return await measure(full, empty, items);
  } finally {
    for (const node of nodes) await stopNode(node, execArgv.length > 0 ? 'SIGTERM' : 'SIGKILL');
  }
}

async function measure(
  full: BenchNode,
  empty: BenchNode,
  items: number,
): Promise<ForegroundFigures> {
  const calls = await Calls.prepare(empty);
  // Code that has just been loaded is slow.
  await calls.during(pause(IDLE_SECONDS));
  const idle = await calls.during(pause(IDLE_SECONDS));
  await joinNodes(empty, full);
  await loopOf(empty);
  const begin = performance.now();
  const busy = await calls.during(caughtUp(empty, () => items + READ_ITEMS + calls.puts));
  const seconds = (performance.now() - begin) / 1_000;
  const loop = await loopOf(empty);
  calls.close();
  return {
    bench: 'foreground',
    items,
    seconds: round(seconds),
    ...figuresOf(idle, busy, 'p99Ms'),
    loopP99Ms: round(loop.loopP99Ms),
    own: { ...figuresOf(idle, busy, 'ownP99Ms'), loopP99Ms: round(loop.loopOwnP99Ms) },
    used: figuresOf(idle, busy, 'usedP99Ms'),
  };
}

function figuresOf(idle: CallLatencies, busy: CallLatencies, key: keyof CallLatency) {
  return {
    idleP99Ms: round(idle.get[key], 2),
    busyP99Ms: round(busy.get[key], 2),
    ratio: round(busy.get[key] / idle.get[key]),
    idlePutP99Ms: round(idle.put[key], 2),
    busyPutP99Ms: round(busy.put[key], 2),
  };
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}
