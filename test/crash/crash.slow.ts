import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Rounds } from './rounds.ts';

it('a daemon holds every acknowledged item after SIGKILL, and heals damage', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-crash-'));
  const damages = ['flip-log', 'flip-table'] as const;
  const rounds = new Rounds({ directory, seed: 1, itemsPerRound: 600, damageEvery: 3, damages });
  t.after(async () => {
    await rounds.close();
    await rm(directory, { recursive: true, force: true });
  });
  for (let round = 0; round < 6; round++) {
    const result = await rounds.next();
    assert.equal(result.failure, null, JSON.stringify(result));
  }
});
