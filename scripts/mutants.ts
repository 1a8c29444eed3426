/**
 * `npm run -s mutants -- PATH... [--sample N --seed S] [--json]`: plants small mistakes one at a time and
 * runs the tests that can notice them. `npm run -s mutants -- --planted` tries the mistakes that once
 * passed the suite. See test/mutants/README.md.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findMutants } from './mutants/find.ts';
import { readEquivalents, readPlanted } from './mutants/lists.ts';
import { checkBaseline, tryPlanted } from './mutants/planted.ts';
import { survivorOf, tableOf, totalsOf } from './mutants/report.ts';
import { inParallel, judge } from './mutants/run.ts';
import { sample } from './mutants/select.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const USAGE =
  'usage: mutants PATH... [--sample N] [--seed S] [--concurrency N] [--seconds N] [--json], or mutants --planted [--json]';

function options() {
  return parseArgs({
    allowPositionals: true,
    options: {
      /** Mutants to draw. All where it is left out. */
      sample: { type: 'string' },
      /** Decides which are drawn. */
      seed: { type: 'string', default: '1' },
      /** Mutants that run side by side. */
      concurrency: { type: 'string', default: '2' },
      /** Seconds that the tests of one mutant may take without it; further tests are left out. */
      seconds: { type: 'string', default: '30' },
      planted: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} takes a whole number from 1 on`);
  return Number(text);
}

async function random({ values, positionals }: ReturnType<typeof options>): Promise<number> {
  if (positionals.length === 0) throw new Error('give at least one folder or file below src');
  for (const path of positionals) {
    if (!path.startsWith('src/') || !existsSync(path)) {
      throw new Error(`${path} is no file or folder below src of this project`);
    }
  }
  const found = findMutants(ROOT, positionals);
  const count = values.sample === undefined ? found.length : whole('sample', values.sample);
  const drawn = sample(found, count, values.seed);
  console.error(`${drawn.length} of ${found.length} mutants`);
  const judged = await judge({
    root: ROOT,
    mutants: drawn,
    equivalents: readEquivalents(ROOT),
    concurrency: whole('concurrency', values.concurrency),
    budgetMs: 1_000 * whole('seconds', values.seconds),
    onJudged: (of, done) => {
      const { file, line, from, to } = of.mutant;
      console.error(`${done}/${drawn.length} ${of.verdict} ${file}:${line} ${from} -> ${to}`);
      if (of.verdict === 'noticed') console.error(`    ${of.why}`);
    },
  });
  for (const of of judged) if (of.verdict === 'survived') console.log(survivorOf(of));
  console.log(tableOf(judged));
  const totals = totalsOf(judged);
  if (values.json) console.log(JSON.stringify(totals));
  return 0;
}

async function planted({ values }: ReturnType<typeof options>): Promise<number> {
  const list = readPlanted(ROOT);
  const width = whole('concurrency', values.concurrency);
  const tests = new Set(list.map(({ test }) => test));
  await inParallel([...tests], width, (test) => checkBaseline(ROOT, test));
  let missed = 0;
  await inParallel(list, width, async (entry) => {
    const { noticed, seconds, says } = await tryPlanted(ROOT, entry);
    if (!noticed) missed++;
    console.log(`${noticed ? 'noticed' : 'MISSED '} ${seconds.toFixed(1)} s  ${entry.name}`);
    console.log(`    ${entry.test}: ${says}`);
  });
  const totals = { mutants: list.length, noticed: list.length - missed, survived: missed };
  if (values.json) console.log(JSON.stringify({ ...totals, equivalent: 0 }));
  else console.log(`${totals.noticed} of ${totals.mutants} planted mistakes are noticed`);
  return missed === 0 ? 0 : 1;
}

try {
  process.chdir(ROOT);
  const given = options();
  process.exitCode = await (given.values.planted ? planted(given) : random(given));
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`);
  process.exitCode = 64;
}
