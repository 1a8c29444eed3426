import { parseArgs } from 'node:util';
import { makeFolder, removeFolder } from '../../scripts/support/folders.ts';
import { Chaos } from './chaos.ts';
import { FAULTS } from './faults.ts';

const HELP = `Usage: npm run -s chaos -- [--minutes M] [--seed N] [--nodes N] [--puts N] [--fault NAME]... [--json]

Runs daemons over TCP under writes and does them harm. Fails when they are not equal in time after the last fault,
when one of them lacks an acknowledged item, and when one does not verify.

  --minutes M     (default 1)
  --seed N        decides the faults (default: drawn, and printed)
  --nodes N       (default 5)
  --puts N        a second, over all nodes (default 50)
  --fault NAME    ${Object.keys(FAULTS).join(', ')} (default: all)
  --converge S    seconds to be equal in, after the last fault (default 30)
  --json          a JSON object a line
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    nodes: { type: 'string', default: '5' },
    puts: { type: 'string', default: '50' },
    fault: { type: 'string', multiple: true, default: Object.keys(FAULTS) },
    converge: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

async function run(): Promise<void> {
  const unknown = values.fault.find((name) => !Object.hasOwn(FAULTS, name));
  if (unknown !== undefined) throw new Error(`there is no fault ${unknown}: see --help`);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const print = (text: string, object: object): void => {
    process.stdout.write(`${values.json ? JSON.stringify(object) : text}\n`);
  };
  print(`seed ${seed}`, { event: 'seed', seed });
  const directory = makeFolder('rangemesh-chaos');
  const chaos = new Chaos({
    directory,
    seed,
    minutes: Number(values.minutes),
    nodes: Number(values.nodes),
    putsPerSecond: Number(values.puts),
    faults: values.fault,
    convergeSeconds: Number(values.converge),
    onFault: (line) => {
      const { second, node, fault, done } = line;
      print(`${String(second).padStart(5)} s: node ${node}: ${fault}: ${done}`, {
        event: 'fault',
        ...line,
      });
    },
  });
  try {
    const result = await chaos.run();
    const { acknowledged, refused, convergedSeconds, findings } = result;
    const equal = convergedSeconds === null ? 'not equal' : `equal after ${convergedSeconds} s`;
    const summary = `${acknowledged} acknowledged, ${refused} refused or unanswered, ${equal}`;
    print([summary, ...findings].join('\n'), { event: 'end', seed, ...result });
    process.exitCode = findings.length === 0 ? 0 : 1;
  } finally {
    await chaos.close();
    await removeFolder(directory);
  }
}

if (values.help) process.stdout.write(HELP);
else await run();
