import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Figures } from './fetch/empty-node.ts';
import type { Behaviour } from './fetch/full-peer.ts';
import { needed, type Sizes } from './fetch/items.ts';
import { inChild, round, withDirectory } from './support/child.ts';

const PEERS = 8;
const PEERS_IN_A_PROCESS = 2;
const USUAL: Sizes = { small: 20_000, large: 40 };
const FULL: Sizes = { small: 100_000, large: 200 };
const HONEST: readonly Behaviour[] = Array.from({ length: PEERS }, () => 'honest');
const HOSTILE: readonly Behaviour[] = [
  ...HONEST.slice(4),
  ...(['trickles', 'closes', 'corrupts', 'invents'] as const),
];

const script = (name: string): URL => new URL(`./fetch/${name}-main.ts`, import.meta.url);

/**
 * `bench -- fetch [--full] [--hostile] [--json]`: one empty node and eight full peers over TCP, the
 * same items once more into bare LevelDB. With `--hostile` four of the peers misbehave.
 */
export async function main(args: string[]): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const options = { json: flag, full: flag, hostile: flag };
  const { values } = parseArgs({ args, options });
  const sizes = values.full ? FULL : USUAL;
  const figures = await withDirectory(async (directory) => {
    const { small, large } = sizes;
    const filled = join(directory, 'filled');
    await inChild(script('fill'), filled, `${small}`, `${large}`);
    const run = new Runs(directory, filled, sizes);
    return values.hostile ? hostile(run) : honest(run);
  });
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function honest(run: Runs) {
  const one = await run.with(HONEST.slice(0, 1));
  const all = await run.with(HONEST);
  const { items } = needed(run.sizes);
  return {
    bench: 'fetch',
    peers: PEERS,
    items,
    receivedOverNeeded: run.receivedOverNeeded(all),
    idBytesOverOnePeer: round(all.sessionBytes / one.largestSessionBytes, 2),
    itemsPerSecond: Math.round(items / all.seconds),
    rawLevelPerSecond: await run.raw(),
    seconds: round(all.seconds, 2),
  };
}

async function hostile(run: Runs) {
  const peaceful = await run.with(HONEST);
  const all = await run.with(HOSTILE);
  const { items } = needed(run.sizes);
  return {
    bench: 'fetch',
    hostile: true,
    peers: PEERS,
    items,
    receivedOverNeeded: run.receivedOverNeeded(all),
    itemsPerSecond: Math.round(items / all.seconds),
    seconds: round(all.seconds, 2),
    honestSeconds: round(peaceful.seconds, 2),
    ratio: round(all.seconds / peaceful.seconds, 2),
    wantedAtTheEnd: all.wantedLater,
  };
}

/** Runs of an empty node among peers that all hold the same. */
class Runs {
  readonly sizes: Sizes;
  readonly #directory: string;
  readonly #filled: string;
  #made = 0;

  constructor(directory: string, filled: string, sizes: Sizes) {
    this.#directory = directory;
    this.#filled = filled;
    this.sizes = sizes;
  }

  async with(behaviours: readonly Behaviour[]): Promise<Figures> {
    const peers: string[] = [];
    for (const behaviour of behaviours) {
      const copy = this.#path();
      await cp(this.#filled, copy, { recursive: true });
      peers.push(`${behaviour}=${copy}`);
    }
    const children = chunks(peers, PEERS_IN_A_PROCESS).map((some) => fork(script('peers'), some));
    try {
      const addresses = (await Promise.all(children.map(addressesOf))).flat();
      const { items } = needed(this.sizes);
      return await inChild<Figures>(script('empty'), this.#path(), `${items}`, ...addresses);
    } finally {
      await Promise.all(children.map(killed));
    }
  }

  async raw(): Promise<number> {
    const { small, large } = this.sizes;
    return Math.round(await inChild<number>(script('raw'), this.#path(), `${small}`, `${large}`));
  }

  receivedOverNeeded({ receivedBytes }: Figures): number {
    return round(receivedBytes / needed(this.sizes).bytes, 4);
  }

  #path(): string {
    return join(this.#directory, `${this.#made++}`);
  }
}

/** What a process of full peers says once they are up. */
async function addressesOf(child: ChildProcess): Promise<string[]> {
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`full peers ended with ${code ?? signal}`);
  });
  const [said] = await Promise.race([once(child, 'message'), gone]);
  gone.catch(() => undefined);
  return said as string[];
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    values.slice(i * size, (i + 1) * size),
  );
}
