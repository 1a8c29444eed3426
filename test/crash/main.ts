import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../support/random.ts';
import { type Accident, CrashSet } from './crash-set.ts';

/**
 * `npm run test:crash -- --rounds 50 [--seed S]`: so many rounds of SIGKILL on one directory, then half
 * as many in which LevelDB's log is cut or a bit of it is flipped as well.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string' } },
});
const rounds = Number(values.rounds);
const seed = values.seed ?? String(Date.now());
const random = new SeededRandom(seed);
const directory = await mkdtemp(join(tmpdir(), 'rangemesh-crash-'));
console.log(`seed ${seed}, ${rounds} rounds in ${directory}`);

const kills = Array<Accident>(rounds).fill('kill');
const damages = Array.from({ length: rounds }, (_, i): Accident => (i % 2 === 0 ? 'cut' : 'flip'));
for (const [name, accidents] of Object.entries({ kills, damages })) {
  const set = new CrashSet(join(directory, name), () => random.fraction());
  for (const [i, accident] of accidents.entries()) {
    const { acknowledged, lost, incidents } = await set.round(accident);
    const reported = incidents.length === 0 ? '' : ` (${incidents.join(', ')})`;
    console.log(`${i + 1} ${accident}: ${acknowledged} acknowledged, ${lost} lost${reported}`);
  }
  console.log(`${name}: ${set.held} items held`);
}
await rm(directory, { recursive: true });
