import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Assault } from './hostile/attacker.ts';
import { ATTACKS } from './hostile/attacks/index.ts';
import { HonestLoad } from './hostile/honest-load.ts';
import { HostileMesh } from './hostile/nodes.ts';
import { livezMs, Watch } from './hostile/watch.ts';
import { round, withDirectory } from './support/child.ts';
import { Member } from './support/crew.ts';

const MIB = 1024 * 1024;
const LIVE_MS = 100;
const RECOVERY_LIMIT_MS = 60_000;

/**
 * The result of one attack. Memory is the resident set of the victim; `rssAfterMb` and `liveAfterMb` are
 * after a collection. `liveAfterMb` is what JavaScript holds: if it does not grow, the rest is the allocator's.
 */
export interface HostileFigures {
  readonly bench: 'hostile';
  readonly attack: string;
  readonly rssMb: number;
  readonly rssBeforeMb: number;
  readonly rssAfterMb: number;
  readonly liveAfterMb: number;
  readonly loopP99Ms: number;
  readonly livezMaxMs: number;
  /** Milliseconds from a put at an honest peer until the other honest peers hold the item. */
  readonly honestPutP99Ms: number;
  /** Seconds from the end of the attack until all sets are equal and `/livez` answers at once. */
  readonly recoveredS: number;
}

/**
 * `bench -- hostile [--json] [--seconds N] [--rest N] [--items N] [--attack NAME]...`: one victim,
 * three honest peers, and each attack in turn for `seconds`, then `rest` seconds without an attack.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '2' },
      rest: { type: 'string', default: '1' },
      items: { type: 'string', default: '20000' },
      attack: { type: 'string', multiple: true, default: Object.keys(ATTACKS) },
    },
  });
  const unknown = values.attack.find((name) => !Object.hasOwn(ATTACKS, name));
  if (unknown !== undefined) {
    console.error(`there is no attack ${unknown}: give ${Object.keys(ATTACKS).join(', ')}`);
    process.exitCode = 64;
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
}

async function underAttack(
  mesh: HostileMesh,
  name: string,
  { attackMs, restMs }: { attackMs: number; restMs: number },
): Promise<HostileFigures> {
  const attacker = new Member(new URL('./hostile/attacker.ts', import.meta.url));
  const watch = new Watch(mesh.victim.daemon);
  const load = new HonestLoad(mesh.honest.map(({ client }) => client));
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
    await pause(Math.max(0, restMs - recoveredMs));
    const after = await watch.ask('collect');
    return {
      bench: 'hostile',
      attack: name,
      rssMb: round(watch.maxRss / MIB),
      rssBeforeMb: round(before.rss / MIB),
      rssAfterMb: round(after.rss / MIB),
      liveAfterMb: round(after.live / MIB),
      loopP99Ms: round(loopP99Ms),
      livezMaxMs: round(watch.livezMaxMs),
      honestPutP99Ms: round(honestPutP99Ms),
      recoveredS: round(recoveredMs / 1_000),
    };
  } finally {
    watch.end();
    await attacker.end();
  }
}

async function recovery(mesh: HostileMesh): Promise<number> {
  const begin = performance.now();
  const limit = begin + RECOVERY_LIMIT_MS;
  while ((await livezMs(mesh.target.admin)) > LIVE_MS && performance.now() < limit) await pause(50);
  await mesh.settled(RECOVERY_LIMIT_MS).catch(() => undefined);
  return performance.now() - begin;
}
