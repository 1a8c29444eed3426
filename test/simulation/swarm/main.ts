import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Done, type Passed } from './done.ts';
import { MARKS } from './marks.ts';
import { faultsIn, flagsOf, minimise, numbersIn } from './minimise.ts';
import { FAULTS, type Overrides } from './plan.ts';
import { findPlants, plantedInit, plantNamed } from './planting.ts';
import { Pool, type PoolInit } from './pool.ts';
import type { Answer } from './worker.ts';

const HELP = `Usage: npm run -s sim -- [--seed S] [--seeds N] [--nodes N] [--items N] [--minutes M]
                       [--faults LIST] [--without LIST] [--threads N] [--trace] [--json]
                       [--plant NAME] [--plants] [--marks] [--resume FILE]

Runs meshes of whole nodes under virtual time, each seed with faults, sizes and options of its own, and
looks whether what must hold does. docs/simulation.md has the properties.

  --seed S       the first seed (default 1)
  --seeds N      so many seeds from there on (default 1)
  --nodes N      nodes (default: drawn, 3 to 7 as a rule)
  --items N      items (default: drawn, 30 to 300 as a rule)
  --minutes M    minutes of virtual time with writes and faults (default: drawn, 1 to 4)
  --faults LIST  ${FAULTS.join(', ')}; or none
  --without LIST numbers of actions that are left out, such as 3-5,8
  --threads N    seeds side by side (default: processors, at most 8)
  --plant NAME   with a known bug in the code, by a part of its name
  --plants       looks for each known bug in seeds from the first on, --seeds at most
  --marks        fails when no seed reaches one of the rare paths of marks.ts
  --resume FILE  keeps the seeds that passed in a file, and leaves them out when it is called again
  --trace        print the whole trace of each seed
  --json         a JSON object a line
`;

/** Lines of a failing seed that are shown. */
const SHOWN = 60;
const LIMIT_MS = 600_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    nodes: { type: 'string' },
    items: { type: 'string' },
    minutes: { type: 'string' },
    faults: { type: 'string' },
    without: { type: 'string' },
    threads: { type: 'string' },
    /** Most runs that look for a smaller case of a failing seed. */
    minimise: { type: 'string', default: '40' },
    plant: { type: 'string' },
    plants: { type: 'boolean', default: false },
    marks: { type: 'boolean', default: false },
    resume: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number`);
  return Number(text);
}

function optional(name: 'nodes' | 'items' | 'minutes'): number | undefined {
  const text = values[name];
  return text === undefined ? undefined : whole(name, text);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

type Summary = Pick<Answer, 'seed' | 'traceHash' | 'converged' | 'violations'>;

function summary({ seed, traceHash, converged, violations }: Summary): object {
  return { seed, traceHash, converged, violations };
}

function show(answer: Answer): void {
  const { seed, nodes, actions, simulatedMs, cpuMs, violations, traceHash } = answer;
  const speed = Math.round(simulatedMs / cpuMs);
  const end = violations.length === 0 ? 'ok' : `FAILED: ${violations[0]!.property}`;
  const sizes = `${nodes} nodes, ${actions} actions, ${Math.round(simulatedMs / 1_000)} s`;
  if (values.json) print(JSON.stringify(summary(answer)));
  else print(`seed ${seed}: ${end}, ${sizes}, ${speed} times real time, ${traceHash}`);
}

/** A smaller case, its trace and the command that brings it back. */
async function explain(pool: Pool, failed: Answer, overrides: Overrides): Promise<void> {
  const { seed } = failed;
  const attempt = (smaller: Overrides) =>
    pool.run({ seed, overrides: smaller, keep: true, marks: false });
  const runs = whole('minimise', values.minimise);
  const { answer, overrides: least } = await minimise({ attempt, failed, overrides, runs });
  const lines = answer.trace.filter((line) => !line.includes('>'));
  print(`\nseed ${seed} in a smaller case of ${answer.nodes} nodes:`);
  for (const line of lines.slice(-SHOWN)) print(`  ${line}`);
  for (const { property, at, node, seen } of answer.violations) {
    print(`  ${property} at ${Math.round(at)} ms, ${node}: ${seen}`);
  }
  print(`again: npm run -s sim -- ${`--seed ${seed} ${flagsOf(least)}`.trim()}\n`);
}

async function run(): Promise<void> {
  const overrides: Overrides = {
    nodes: optional('nodes'),
    items: optional('items'),
    minutes: optional('minutes'),
    faults: values.faults === undefined ? undefined : faultsIn(values.faults, FAULTS),
    without: values.without === undefined ? undefined : numbersIn(values.without),
  };
  const first = values.seed;
  const count = whole('seeds', values.seeds);
  const threads = whole('threads', values.threads ?? `${Math.min(8, availableParallelism())}`);
  if (values.plants) {
    const missed = await findPlants({ first: whole('seed', first), count, threads, print });
    process.exitCode = missed === 0 ? 0 : 1;
    return;
  }
  const planted: Pick<PoolInit, 'imports' | 'env'> =
    values.plant === undefined ? {} : plantedInit(plantNamed(values.plant));
  const pool = new Pool({ threads: Math.min(threads, count), limitMs: LIMIT_MS, ...planted });
  const done = new Done(values.resume ?? null);
  const seeds = count === 1 ? [first] : seedsFrom(whole('seed', first), count);
  const left = seeds.filter((seed) => !done.has(seed));
  const began = process.hrtime.bigint();
  const failed: Answer[] = [];
  const work = async (): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      const marks = values.marks && unreached(done).length > 0;
      const answer = await pool.run({ seed, overrides, keep: values.trace, marks });
      for (const line of answer.trace) print(line);
      if (!values.json || answer.violations.length > 0) show(answer);
      if (answer.violations.length > 0) failed.push(answer);
      else done.add(answer);
    }
  };
  const ran = left.length;
  await Promise.all(Array.from({ length: threads }, work));
  if (failed[0] !== undefined) await explain(pool, failed[0], overrides);
  await pool.close();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const wanted = new Set(seeds);
  const passed = done.all.filter(({ seed }) => wanted.has(seed));
  finish({ passed, failed, ran, seconds });
  const missed = values.marks ? unreached(done) : [];
  for (const name of missed) process.stderr.write(`never reached: ${name}\n`);
  process.exitCode = failed.length + missed.length === 0 ? 0 : 1;
}

function seedsFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${first + i}`);
}

interface Totals {
  /** Of this run and of earlier ones that it goes on with. */
  readonly passed: readonly Passed[];
  readonly failed: readonly Answer[];
  /** Seeds of this run. */
  readonly ran: number;
  readonly seconds: number;
}

function finish({ passed, failed, ran, seconds }: Totals): void {
  const all = [...passed, ...failed];
  const sum = (of: (answer: Passed) => number): number =>
    all.reduce((total, answer) => total + of(answer), 0);
  const cpuMs = sum((answer) => answer.cpuMs);
  const simulatedMs = sum((answer) => answer.simulatedMs);
  const totals = {
    seeds: all.length,
    failed: failed.map(({ seed }) => seed),
    simulatedHours: simulatedMs / 3_600_000,
    timesRealTime: Math.round(simulatedMs / cpuMs),
    seedsAnHour: Math.round((ran * 3_600) / seconds),
    seedsAnHourOfTwoProcessors: Math.round((all.length * 2 * 3_600_000) / cpuMs),
  };
  if (values.json) {
    print(JSON.stringify(totals));
    const last = failed[0] ?? { ...passed.at(-1)!, converged: true, violations: [] };
    print(JSON.stringify(summary(last)));
  } else {
    const { timesRealTime, seedsAnHour } = totals;
    print(
      `${passed.length} of ${all.length} seeds passed, ${timesRealTime} times real time, ${seedsAnHour} seeds an hour here`,
    );
  }
}

/** Marks that no seed has reached. */
function unreached({ reached }: Done): string[] {
  return MARKS.map(({ name }) => name).filter((name) => !reached.has(name));
}

if (values.help) process.stdout.write(HELP);
else await run();
