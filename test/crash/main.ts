import { parseArgs } from 'node:util';
import { lastingFolder, removeFolder, temporaryFolder } from '../../scripts/support/folders.ts';
import { DAMAGES } from './damage.ts';
import { type RoundResult, Rounds } from './rounds.ts';

const HELP = `Usage: npm run -s test:crash -- [--rounds N] [--seed N] [--json]

Kills a process that writes to a replica, at random moments and always on the same directory, and has
a fresh one look whether everything acknowledged is there. Now and then a file is damaged too.

  --rounds N        kills (default 50)
  --seed N          decides everything but the timing (default: drawn, and printed)
  --damage-every N  rounds from one damaged file to the next (default 5)
  --damage KIND     ${DAMAGES.join(', ')} (default: one after the other)
  --json            a JSON object a line
  --keep            leave the directory
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string' },
    'damage-every': { type: 'string', default: '5' },
    damage: { type: 'string' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

function line(result: RoundResult): string {
  const { round, work, damage, unreadable, acknowledged, findings, failure } = result;
  const parts = [
    `round ${round}: ${failure === null ? 'ok' : `FAILED: ${failure}`}`,
    `killed during ${work}`,
    ...(damage === null ? [] : [damage]),
    ...(unreadable === null ? [] : [`restored from a copy (${unreadable})`]),
    `${acknowledged} acknowledged`,
    ...(findings === null ? [] : [`${findings.items} held`]),
    ...(findings?.lost.length
      ? [`${findings.lost.length} lost`, `${findings.fetched} fetched`]
      : []),
    ...(findings?.incidents.length ? [findings.incidents.join(' ')] : []),
  ];
  return parts.join(', ');
}

async function run(): Promise<void> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const print = (text: string, object: object): void => {
    process.stdout.write(`${values.json ? JSON.stringify(object) : text}\n`);
  };
  print(`seed ${seed}`, { crash: 'seed', seed });
  const directory = (values.keep ? lastingFolder : temporaryFolder)('rangemesh-crash');
  const damages = DAMAGES.filter((kind) => kind === (values.damage ?? kind));
  const damageEvery = Number(values['damage-every']);
  const rounds = new Rounds({ directory, seed, damageEvery, damages });
  const results: RoundResult[] = [];
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      const result = await rounds.next();
      results.push(result);
      print(line(result), { crash: 'round', ...result });
    }
  } finally {
    await rounds.close();
    if (!values.keep) await removeFolder(directory);
  }
  const failed = results.filter(({ failure }) => failure !== null).length;
  const passed = results.length - failed;
  const unreadable = results.filter((result) => result.unreadable !== null).length;
  const closing = { crash: 'end', seed, passed, failed, unreadable };
  print(`${passed} passed, ${failed} failed (${unreadable} refused with STORE_CORRUPT)`, closing);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(HELP);
else await run();
