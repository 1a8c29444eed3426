import { randomBytes } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SeededRandom } from '../../test/support/random.ts';
import { median, round, withDirectory } from '../support/child.ts';
import { Member } from '../support/crew.ts';
import { MemoryPeak } from '../support/memory.ts';
import { type BenchNode, stopNode } from '../support/node.ts';
import type { Assault } from './attacker.ts';
import { ATTACKS } from './attacks/index.ts';
import type { MeshFigures } from './figures.ts';
import { addressOf, LARGE_BYTES, roles, startNode, targetOf } from './nodes.ts';
import { longestWaitMs, waitedMs } from './watch.ts';

const HONEST = 8;
const HOSTILE = 4;
const LIMIT_MS = 120_000;
const LOOK_MS = 50;
const PUTS_AT_ONCE = 16;

interface Round {
  readonly seconds: number;
  readonly rssMb: number;
}

/**
 * Eight honest nodes. Again and again one of them is paused, the others get `items`, and it catches up: once
 * among honest peers, once while four attackers, drawn by the seed, are at it and at other nodes.
 */
export async function hostileMesh(init: {
  items: number;
  rounds: number;
  seed: string;
}): Promise<MeshFigures> {
  return withDirectory(async (folder) => {
    const random = new SeededRandom(init.seed);
    const nodes: BenchNode[] = [];
    const { args, keys } = await roles();
    try {
      const addresses: string[] = [];
      for (let i = 0; i < HONEST; i++) {
        const peers = addresses.flatMap((address) => ['--peer', address]);
        const node = await startNode(join(folder, `${i}`), [...peers, ...args]);
        nodes.push(node);
        addresses.push(await addressOf(node));
      }
      const { id } = await nodes[0]!.client.put(randomBytes(LARGE_BYTES));
      await equal(nodes, nodes);
      const quiet: Round[] = [];
      const attacked: Round[] = [];
      const names: string[] = [];
      for (let at = 0; at < init.rounds; at++) {
        quiet.push(await catchUp(nodes, init.items, []));
        const drawn = Array.from({ length: HOSTILE }, () => pick(random, Object.keys(ATTACKS)));
        names.push(...drawn);
        const assaults: Assault[] = [];
        for (const [i, name] of drawn.entries()) {
          const node = i === 0 ? nodes.at(-1)! : pick(random, nodes);
          assaults.push({ name, target: await targetOf(node, id, keys), ms: 2 * LIMIT_MS });
        }
        attacked.push(await catchUp(nodes, init.items, assaults));
      }
      return figures(names, quiet, attacked);
    } finally {
      for (const node of nodes) await stopNode(node, 'SIGKILL');
    }
  });
}

/** The last node is paused while the others get items; then it catches up, under the assaults. */
async function catchUp(
  nodes: readonly BenchNode[],
  items: number,
  assaults: readonly Assault[],
): Promise<Round> {
  const others = nodes.slice(0, -1);
  const late = nodes.at(-1)!;
  await late.client.send('POST', '/v1/pause', '{}');
  await put(others, items);
  await equal(others, others);
  const attackers = await Promise.all(assaults.map(attack));
  try {
    const begin = performance.now();
    const before = await waitedMs([late.daemon.pid]);
    await late.client.send('POST', '/v1/resume', '{}');
    const peak = new MemoryPeak(late.daemon.pid);
    await equal([late], nodes.slice(0, 1)).finally(() => peak.end());
    const { rssMb } = await peak.end();
    const waited = longestWaitMs(before, await waitedMs([late.daemon.pid]));
    return { seconds: (performance.now() - begin - waited) / 1_000, rssMb };
  } finally {
    await Promise.all(attackers.map((attacker) => attacker.end()));
    await equal(nodes, nodes);
  }
}

/** Resolves once the attack has begun. Attackers take what the honest nodes leave of the processor. */
async function attack(assault: Assault): Promise<Member> {
  const attacker = new Member(new URL('./attacker.ts', import.meta.url));
  setPriority(attacker.pid, constants.priority.PRIORITY_LOW);
  const running = attacker.call('attack', assault);
  // It ends with the process, in the middle of the attack.
  running.catch(() => undefined);
  await Promise.race([attacker.call('begun'), running]);
  return attacker;
}

async function put(nodes: readonly BenchNode[], items: number): Promise<void> {
  let left = items;
  const lane = async (at: number): Promise<void> => {
    while (left-- > 0) await nodes[at % nodes.length]!.client.put(randomBytes(200));
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, (_, at) => lane(at)));
}

/** Resolves once each of `late` holds all that the nodes hold. */
async function equal(late: readonly BenchNode[], nodes: readonly BenchNode[]): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  for (;;) {
    const [prints, wanted] = await Promise.all([printsOf(late), printsOf(nodes)]);
    if (wanted[0] !== null && [...prints, ...wanted].every((print) => print === wanted[0])) return;
    if (performance.now() > limit) throw new Error(`the sets differ after ${LIMIT_MS} ms`);
    await pause(LOOK_MS);
  }
}

function printsOf(nodes: readonly BenchNode[]): Promise<(string | null)[]> {
  return Promise.all(nodes.map(async ({ client }) => (await client.status()).set.fingerprint));
}

function figures(
  attacks: readonly string[],
  quiet: readonly Round[],
  attacked: readonly Round[],
): MeshFigures {
  const [quietS, attackedS] = [quiet, attacked].map((rounds) =>
    median(rounds.map((one) => one.seconds)),
  ) as [number, number];
  const [quietRss, attackedRss] = [quiet, attacked].map((rounds) =>
    median(rounds.map((one) => one.rssMb)),
  ) as [number, number];
  return {
    bench: 'hostile-mesh',
    attacks,
    quietS: round(quietS),
    attackedS: round(attackedS),
    ratioTime: round(attackedS / quietS, 2),
    quietRssMb: round(quietRss),
    attackedRssMb: round(attackedRss),
    ratioRss: round(attackedRss / quietRss, 2),
  };
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[Math.floor(random.fraction() * from.length)]!;
}
