import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { plotOf, tableOf } from './report.ts';
import { ScaledMesh, type ScaleResult } from './scale.ts';

const HELP = `Usage: npm run -s sim:scale -- [--nodes N] [--degree D] [--rate R] [--minutes M] [--churn C] [--seed S]
                             [--no-push]
       npm run -s sim:scale -- --report FILE [--plot FILE]

Runs a mesh of whole nodes in one process under virtual time, and prints what it cost as a JSON object.
docs/scale.md has a table of such runs.

  --nodes N    nodes (default 50)
  --degree D   links of each node (default 8)
  --rate R     items a minute, over all nodes (default 100)
  --minutes M  minutes of virtual time with writes (default 2)
  --churn C    nodes in a hundred that restart each minute (default 0)
  --no-push    nothing is pushed: sessions alone bring all items
  --seed S     default 1
  --report FILE  prints a table of results, which are in the file a line each
  --plot FILE    writes a picture of them, as SVG
`;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '50' },
    degree: { type: 'string', default: '8' },
    rate: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '2' },
    churn: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    push: { type: 'boolean', default: true },
    report: { type: 'string' },
    plot: { type: 'string' },
    help: { type: 'boolean' },
  },
  allowNegative: true,
});

function numberOf(name: 'nodes' | 'degree' | 'rate' | 'minutes' | 'churn'): number {
  const text = values[name];
  if (!/^\d{1,7}(\.\d+)?$/.test(text)) throw new Error(`--${name} takes a number`);
  return Number(text);
}

function report(file: string): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  const results = lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ScaleResult);
  process.stdout.write(tableOf(results));
  const still = results.filter(({ churn, itemsPerMinute }) => churn === 0 && itemsPerMinute === 60);
  if (values.plot !== undefined) writeFileSync(values.plot, plotOf(still));
}

if (values.help) process.stdout.write(HELP);
else if (values.report !== undefined) report(values.report);
else {
  const mesh = new ScaledMesh({
    seed: values.seed,
    nodes: numberOf('nodes'),
    degree: numberOf('degree'),
    itemsPerMinute: numberOf('rate'),
    minutes: numberOf('minutes'),
    churn: numberOf('churn') / 100,
    push: values.push,
  });
  const result = await mesh.run();
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.everywhere === result.items ? 0 : 1;
}
