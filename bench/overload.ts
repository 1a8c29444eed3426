import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Status } from '../src/daemon/index.ts';
import { OverloadMesh } from './overload/mesh.ts';
import { generate } from './propagate/load.ts';
import { round, withDirectory } from './support/child.ts';
import { until } from './support/until.ts';

const PAYLOAD_BYTES = 200;
const LOOK_EVERY_MS = 1_000;
/** Code that has just been loaded is slow: a part of the load comes first, and does not count. */
const WARM_UP_SECONDS = 8;
const WARM_UP_PART = 3;
/** Copies that have not come by then are lost. */
const SETTLE_MS = 60_000;

/** What `--json` prints. */
export interface OverloadFigures {
  readonly bench: 'overload';
  readonly nodes: number;
  /** In the whole mesh, over HTTP, at the nodes in turn. */
  readonly putsPerSecond: number;
  readonly putP50Ms: number;
  readonly putP99Ms: number;
  /** Part of the looks at `push.overloaded` that found it true, one a second at each node. */
  readonly overloadedShare: number;
  /** Part of the copies that came by sessions and not by push. */
  readonly handedOver: number;
  /** Copies of acknowledged items that did not come. */
  readonly lost: number;
  /** Seconds from the last answer until all sets are equal. */
  readonly equalAfterS: number;
}

/**
 * `bench -- overload [--json] [--seconds N] [--nodes N] [--rate N] [--cpu-prof FOLDER]`: daemons as
 * processes, more of them than the machine can carry, and puts at all of them. Profiles of the daemons
 * go to FOLDER.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '15' },
      nodes: { type: 'string', default: '16' },
      rate: { type: 'string', default: '100' },
      'cpu-prof': { type: 'string' },
    },
  });
  const profiles = values['cpu-prof'];
  const execArgv = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const figures = await withDirectory(async (folder) => {
    const mesh = await OverloadMesh.start(folder, Number(values.nodes), execArgv);
    try {
      return await measure(mesh, Number(values.rate), Number(values.seconds));
    } finally {
      await mesh.stop(profiles === undefined ? 'SIGKILL' : 'SIGTERM');
    }
  });
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function measure(
  mesh: OverloadMesh,
  rate: number,
  seconds: number,
): Promise<OverloadFigures> {
  const { nodes } = mesh;
  const puts = new Puts(mesh);
  await puts.run(rate / WARM_UP_PART, WARM_UP_SECONDS);
  puts.latencies.length = 0;
  const before = puts.acknowledged;
  const pushedBefore = pushed(await mesh.statuses());
  const looks = new Looks(mesh);
  await puts.run(rate, seconds);
  looks.end();
  const ended = performance.now();
  await until('all sets are equal', async () => unequal(await mesh.statuses()), SETTLE_MS).catch(
    ({ message }) => console.error(message),
  );
  const equalAfterS = round((performance.now() - ended) / 1_000);
  const statuses = await mesh.statuses();
  const copies = (puts.acknowledged - before) * (nodes.length - 1);
  const byPush = pushed(statuses) - pushedBefore;
  const lacking = statuses.map(({ set }) => Math.max(0, puts.acknowledged - set.items));
  return {
    bench: 'overload',
    nodes: nodes.length,
    putsPerSecond: rate,
    putP50Ms: percentile(puts.latencies, 0.5),
    putP99Ms: percentile(puts.latencies, 0.99),
    overloadedShare: round(await looks.share(), 3),
    handedOver: round(Math.max(0, 1 - byPush / copies), 3),
    lost: lacking.reduce((sum, count) => sum + count, 0),
    equalAfterS,
  };
}

/** Puts over HTTP, at the nodes in turn, each when it is due: no put waits for another. */
class Puts {
  readonly latencies: number[] = [];
  acknowledged = 0;
  readonly #mesh: OverloadMesh;

  constructor(mesh: OverloadMesh) {
    this.#mesh = mesh;
  }

  async run(perSecond: number, seconds: number): Promise<void> {
    const { nodes } = this.#mesh;
    const load = { first: 0, count: Math.round(perSecond * seconds), perSecond, afterMs: 0 };
    await generate(load, async (number) => {
      const begin = performance.now();
      try {
        await nodes[number % nodes.length]!.client.put(randomBytes(PAYLOAD_BYTES));
        this.acknowledged++;
      } catch (error) {
        console.error(`a put failed: ${(error as Error).message}`);
      }
      this.latencies.push(performance.now() - begin);
    });
  }
}

/** Looks at `push.overloaded` of every node. */
class Looks {
  readonly #looks: Promise<boolean[]>[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(mesh: OverloadMesh) {
    this.#timer = setInterval(() => {
      this.#looks.push(
        mesh.statuses().then(
          (all) => all.map(isOverloaded),
          () => [],
        ),
      );
    }, LOOK_EVERY_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async share(): Promise<number> {
    const all = (await Promise.all(this.#looks)).flat();
    return all.filter(Boolean).length / Math.max(1, all.length);
  }
}

function isOverloaded({ push }: Status): boolean {
  return push?.overloaded === true;
}

/** Copies that came by push, at all nodes. */
function pushed(statuses: readonly Status[]): number {
  return statuses.reduce((sum, { push }) => sum + (push?.received ?? 0), 0);
}

function unequal(statuses: readonly Status[]): string | null {
  const prints = new Map<string | null, number>();
  for (const { set } of statuses) {
    prints.set(set.fingerprint, (prints.get(set.fingerprint) ?? 0) + 1);
  }
  return prints.size === 1 ? null : `there are ${prints.size} different sets`;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
}
