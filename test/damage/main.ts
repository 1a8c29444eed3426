import { parseArgs } from 'node:util';
import { lastingFolder, removeFolder, temporaryFolder } from '../../scripts/support/folders.ts';
import { DAMAGES, FILE_KINDS } from './damage.ts';
import { type RoundResult, Rounds } from './rounds.ts';

const HELP = `Usage: npm run -s test:damage -- [--rounds N] [--seed N] [--json]

Damages a file in the data directory of a stopped daemon, starts a daemon on it, with and without a peer,
and looks what it makes of it. No process may end by a signal, and no answer may be wrong.

  --rounds N     damages (default 50)
  --seed N       decides items and damages (default: drawn, and printed)
  --file KIND    ${FILE_KINDS.join(', ')} (default: one after the other)
  --damage KIND  ${DAMAGES.join(', ')} (default: one after the other)
  --running      damages files under a daemon that works, and starts it again
  --json         a JSON object a line
  --keep         leave the directory
`;

/** With a peer at least this part of the rounds must end with everything there again. */
const WHOLE_WITH_PEER = 0.95;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string' },
    file: { type: 'string' },
    damage: { type: 'string' },
    json: { type: 'boolean', default: false },
    running: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

function line({ round, damage, peer, outcome, message, milliseconds }: RoundResult): string {
  const more = message === '' ? '' : `: ${message}`;
  const with_ = peer ? 'with a peer' : 'alone';
  return `round ${round}: ${damage}, ${with_}, ${milliseconds} ms: ${outcome}${more}`;
}

async function run(): Promise<void> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const print = (text: string, object: object): void => {
    process.stdout.write(`${values.json ? JSON.stringify(object) : text}\n`);
  };
  print(`seed ${seed}`, { event: 'seed', seed });
  const directory = (values.keep ? lastingFolder : temporaryFolder)('rangemesh-damage');
  const files = FILE_KINDS.filter((kind) => kind === (values.file ?? kind));
  const damages = DAMAGES.filter((kind) => kind === (values.damage ?? kind));
  const rounds = new Rounds({ directory, seed, files, damages, running: values.running });
  const results: RoundResult[] = [];
  try {
    await rounds.begin();
    for (let round = 0; round < Number(values.rounds); round++) {
      const result = await rounds.next();
      results.push(result);
      print(line(result), { event: 'round', ...result });
    }
  } finally {
    await rounds.close();
    if (!values.keep) await removeFolder(directory);
  }
  const count = (wanted: (result: RoundResult) => boolean): number => results.filter(wanted).length;
  const signals = count(({ signal }) => signal);
  const wrong = count((result) => result.wrong);
  const withPeer = count(({ peer }) => peer);
  const whole = count(({ peer, outcome }) => peer && outcome === 'whole');
  const enough = whole >= WHOLE_WITH_PEER * withPeer;
  const failed = count(({ outcome }) => outcome === 'failed');
  const counts = {
    signals,
    wrong,
    withPeer,
    whole,
    wholeAlone: count(({ peer, outcome }) => !peer && outcome === 'whole'),
    lossyAlone: count(({ outcome }) => outcome === 'lossy'),
    refused: count(({ outcome }) => outcome === 'refused'),
  };
  print(
    `${signals} signals, ${wrong} wrong answers; with a peer ${whole} of ${withPeer} whole again; ` +
      `alone ${counts.wholeAlone} whole, ${counts.lossyAlone} with a loss that is told; ${counts.refused} refused`,
    { event: 'counts', ...counts },
  );
  const passed = results.length - failed;
  print(`${passed} passed, ${failed} failed`, { event: 'end', seed, passed, failed });
  process.exitCode = failed === 0 && enough ? 0 : 1;
}

if (values.help) process.stdout.write(HELP);
else await run();
