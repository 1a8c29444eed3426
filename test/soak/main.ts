import { parseArgs } from 'node:util';
import { lastingFolder, removeFolder, temporaryFolder } from '../../scripts/support/folders.ts';
import { Soak } from './soak.ts';
import type { Sample } from './usage.ts';

const HELP = `Usage: npm run -s test:soak -- [--minutes N] [--nodes N] [--puts N] [--churn SECONDS] [--json]

Runs daemons that are written to while one after the other ends and comes back, and watches heap,
memory, handles and the database of each. Fails when they are out of proportion to the data, or when
the sets are not equal at the end.

  --minutes N       (default 20)
  --nodes N         (default 5)
  --puts N          a second, over all nodes (default 40)
  --churn SECONDS   from one end of a node to the next (default 20)
  --sample SECONDS  from one look to the next (default 15)
  --json            a JSON object a line
  --keep            leave the directory
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    nodes: { type: 'string', default: '5' },
    puts: { type: 'string', default: '40' },
    churn: { type: 'string', default: '20' },
    sample: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

const COLUMNS = [
  'min',
  'node',
  'life',
  'items',
  'data',
  'db',
  'heap',
  'rss',
  'fds',
  'res',
  'peers',
];

function line(cells: readonly (string | number)[]): string {
  return cells.map((cell) => String(cell).padStart(7)).join(' ');
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function print(sample: Sample): void {
  const { minute, node, life, items, dataBytes, dbBytes, heapBytes, rssBytes } = sample;
  const { files, resources, peers } = sample;
  const sizes = [dataBytes, dbBytes, heapBytes, rssBytes].map(mib);
  const cells = [minute.toFixed(1), node, life, items, ...sizes, files, resources, peers];
  console.log(values.json ? JSON.stringify({ soak: 'sample', ...sample }) : line(cells));
}

async function run(): Promise<void> {
  const directory = (values.keep ? lastingFolder : temporaryFolder)('rangemesh-soak');
  const soak = new Soak({
    directory,
    minutes: Number(values.minutes),
    nodes: Number(values.nodes),
    putsPerSecond: Number(values.puts),
    churnSeconds: Number(values.churn),
    sampleSeconds: Number(values.sample),
    onSample: print,
  });
  if (!values.json) console.log(line(COLUMNS));
  try {
    const findings = await soak.run();
    if (values.json) console.log(JSON.stringify({ soak: 'end', ...soak.summary, findings }));
    else console.log([JSON.stringify(soak.summary), ...findings].join('\n'));
    process.exitCode = findings.length === 0 ? 0 : 1;
  } finally {
    await soak.stop();
    if (!values.keep) await removeFolder(directory);
  }
}

if (values.help) process.stdout.write(HELP);
else await run();
