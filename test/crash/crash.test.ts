import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../store/replica/support.ts';
import { SeededRandom } from '../support/random.ts';
import { CrashSet } from './crash-set.ts';

/** The short form of `npm run test:crash`. */
describe('crashes', () => {
  it('SIGKILL at a random moment loses nothing that was acknowledged', async (t) => {
    const random = new SeededRandom(Math.random());
    const set = new CrashSet(await temporaryDirectory(t), () => random.fraction());
    for (let i = 0; i < 3; i++) await set.round('kill');
    assert.ok(set.held > 0);
  });

  it('a log that was cut, or has a flipped bit, is opened, healed, and its loss reported', async (t) => {
    const random = new SeededRandom(Math.random());
    const set = new CrashSet(await temporaryDirectory(t), () => random.fraction());
    for (const accident of ['cut', 'flip', 'flip'] as const) await set.round(accident);
    assert.ok(set.held > 0);
  });
});
