import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { MARKS } from './marks.ts';
import { faultsIn, flagsOf, minimise, numbersIn } from './minimise.ts';
import { FAULTS, type Overrides } from './plan.ts';
import { findPlants, plantedInit, plantNamed } from './planting.ts';
import { Pool, type PoolInit } from './pool.ts';

import type { Answer } from './worker.ts';

const HELP = `Usage: npm run -s sim -- [--seed S] [--seeds N] [--nodes N] [--items N] [--minutes M]
                       [--faults LIST] [--without LIST] [--threads N] [--trace] [--json]
                       [--plant NAME] [--plants] [--marks]

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

function summary({ seed, traceHash, converged, violations }: Answer): object {
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
  const attempt = (smaller: Overrides) => pool.run({ seed, overrides: smaller, keep: true });
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
  const marked = values.marks ? { RANGEMESH_MARKS: '1' } : {};
  const pool = new Pool({
    threads: Math.min(threads, count),
    limitMs: LIMIT_MS,
    ...planted,
    env: { ...planted.env, ...marked },
  });
  const began = process.hrtime.bigint();
  const answers: Answer[] = [];
  const one = async (i: number): Promise<void> => {
    const seed = count === 1 ? first : `${whole('seed', first) + i}`;
    const answer = await pool.run({ seed, overrides, keep: values.trace });
    answers.push(answer);
    for (const line of answer.trace) print(line);
    if (!values.json || answer.violations.length > 0) show(answer);
  };
  await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
  const failed = answers.filter(({ violations }) => violations.length > 0);
  if (failed[0] !== undefined) await explain(pool, failed[0], overrides);
  await pool.close();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  finish({ answers, failed, seconds });
}

interface Totals {
  readonly answers: readonly Answer[];
  readonly failed: readonly Answer[];
  readonly seconds: number;
}

function finish({ answers, failed, seconds }: Totals): void {
  const sum = (of: (answer: Answer) => number): number =>
    answers.reduce((total, answer) => total + of(answer), 0);
  const cpuMs = sum((answer) => answer.cpuMs);
  const totals = {
    seeds: answers.length,
    failed: failed.map(({ seed }) => seed),
    simulatedHours: sum(({ simulatedMs }) => simulatedMs) / 3_600_000,
    timesRealTime: Math.round(sum(({ simulatedMs }) => simulatedMs) / cpuMs),
    seedsAnHour: Math.round((answers.length * 3_600) / seconds),
    seedsAnHourOfTwoProcessors: Math.round((answers.length * 2 * 3_600_000) / cpuMs),
  };
  if (values.json) {
    print(JSON.stringify(totals));
    print(JSON.stringify(summary(failed[0] ?? answers.at(-1)!)));
  } else {
    const { timesRealTime, seedsAnHour } = totals;
    print(
      `${answers.length - failed.length} of ${answers.length} seeds passed, ${timesRealTime} times real time, ${seedsAnHour} seeds an hour here`,
    );
  }
  const missed = values.marks ? unreached(answers) : [];
  for (const name of missed) process.stderr.write(`never reached: ${name}\n`);
  process.exitCode = failed.length + missed.length === 0 ? 0 : 1;
}

function unreached(answers: readonly Answer[]): string[] {
  const reached = new Set(answers.flatMap((answer) => answer.reached));
  return MARKS.map(({ name }) => name).filter((name) => !reached.has(name));
}

if (values.help) process.stdout.write(HELP);
else await run();
