import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Assault } from './hostile/attacker.ts';
import { ATTACKS } from './hostile/attacks/index.ts';
import type { HostileFigures } from './hostile/figures.ts';
import { HonestLoad } from './hostile/honest-load.ts';
import { faultsOf, LIMITS, meshFaultsOf } from './hostile/limits.ts';
import { hostileMesh } from './hostile/mesh.ts';
import { HostileMesh } from './hostile/nodes.ts';
import { type Answer, livezMs, Watch } from './hostile/watch.ts';
import { round, withDirectory } from './support/child.ts';
import { Member } from './support/crew.ts';

const MIB = 1024 * 1024;
const LIVE_MS = 100;
const RECOVERY_LIMIT_MS = 60_000;
const COLLECT_EVERY_MS = 1_000;
const EX_USAGE = 64;

/**
 * `bench -- hostile [--json] [--check] [--seconds N] [--rest N] [--items N] [--attack NAME]...`: one victim,
 * three honest peers, and each attack in turn for `seconds`, then a rest: until memory is back, for `rest` seconds
 * at most. With `--check` broken limits are told, and the exit code is 1. With `--mesh` eight honest nodes, one of
 * which catches up by `--items` items in each of `--rounds` rounds, without and with four attackers.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '2' },
      rest: { type: 'string', default: '30' },
      items: { type: 'string', default: '20000' },
      mesh: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      attack: { type: 'string', multiple: true, default: Object.keys(ATTACKS) },
    },
  });
  const unknown = values.attack.find((name) => !Object.hasOwn(ATTACKS, name));
  if (unknown !== undefined) {
    console.error(`there is no attack ${unknown}: give ${Object.keys(ATTACKS).join(', ')}`);
    process.exitCode = EX_USAGE;
    return;
  }
  if (values.mesh) {
    const [items, rounds] = [values.items, values.rounds].map(Number) as [number, number];
    await inMesh({ items, rounds, seed: values.seed }, values.check);
    return;
  }
  const rows: HostileFigures[] = [];
  await withDirectory(async (folder) => {
    const mesh = await HostileMesh.start(folder, Number(values.items));
    try {
      for (const name of values.attack) {
        const row = await underAttack(mesh, name, {
          attackMs: 1_000 * Number(values.seconds),
          restMs: 1_000 * Number(values.rest),
        });
        rows.push(row);
        if (values.json) console.log(JSON.stringify(row));
      }
    } finally {
      await mesh.stop();
    }
  });
  if (!values.json) console.table(rows.map(({ bench: _, ...row }) => row));
  if (values.check) tell(rows.flatMap(faultsOf));
}

async function inMesh(init: Parameters<typeof hostileMesh>[0], checks: boolean): Promise<void> {
  const figures = await hostileMesh(init);
  console.log(JSON.stringify(figures));
  if (checks) tell(meshFaultsOf(figures));
}

function tell(faults: readonly string[]): void {
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}

async function underAttack(
  mesh: HostileMesh,
  name: string,
  { attackMs, restMs }: { attackMs: number; restMs: number },
): Promise<HostileFigures> {
  const attacker = new Member(new URL('./hostile/attacker.ts', import.meta.url));
  const watch = new Watch(mesh.victim.daemon);
  const load = new HonestLoad(mesh.honest);
  try {
    const before = await watch.ask('collect');
    const running = [watch.run(), load.run()];
    const assault: Assault = { name, target: mesh.target, ms: attackMs };
    await attacker.call('attack', assault);
    watch.end();
    const { loopP99Ms } = await watch.ask('look');
    const honestPutP99Ms = await load.end();
    await Promise.all(running);
    const recoveredMs = await recovery(mesh);
    const after = await rested(watch, before.rss + LIMITS.leftMb * MIB, restMs - recoveredMs);
    return {
      bench: 'hostile',
      attack: name,
      rssMb: round(watch.maxRss / MIB),
      rssBeforeMb: round(before.rss / MIB),
      rssAfterMb: round(after.rss / MIB),
      liveAfterMb: round(after.live / MIB),
      loopP99Ms: round(loopP99Ms),
      livezMaxMs: round(watch.livezMaxMs),
      livezOwnMaxMs: round(watch.livezOwnMaxMs),
      honestPutP99Ms: round(honestPutP99Ms),
      recoveredS: round(recoveredMs / 1_000),
    };
  } finally {
    watch.end();
    await attacker.end();
  }
}

/** The memory once it is at most `rss` bytes, or after `restMs`. */
async function rested(watch: Watch, rss: number, restMs: number): Promise<Answer> {
  const limit = performance.now() + restMs;
  for (;;) {
    const answer = await watch.ask('collect');
    if (answer.rss <= rss || performance.now() >= limit) return answer;
    await pause(COLLECT_EVERY_MS);
  }
}

async function recovery(mesh: HostileMesh): Promise<number> {
  const begin = performance.now();
  const limit = begin + RECOVERY_LIMIT_MS;
  while ((await livezMs(mesh.target.admin)) > LIVE_MS && performance.now() < limit) await pause(50);
  await mesh.settled(RECOVERY_LIMIT_MS).catch(() => undefined);
  return performance.now() - begin;
}
