import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Rounds } from './rounds.ts';

/** A few rounds of what `npm run test:crash` does many of; processes make it slow. */
describe('a replica whose process is killed while it works', () => {
  it('holds everything it acknowledged, and heals what was damaged', async (context) => {
    const directory = await mkdtemp(join(tmpdir(), 'rangemesh-crash-'));
    const rounds = new Rounds({ directory, seed: 7, itemsPerRound: 600, damageEvery: 3 });
    context.after(async () => {
      await rounds.close();
      await rm(directory, { recursive: true, force: true });
    });
    for (let i = 0; i < 6; i++) {
      const { round, failure } = await rounds.next();
      assert.equal(failure, null, `round ${round}`);
    }
  });
});
