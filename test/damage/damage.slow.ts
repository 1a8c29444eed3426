import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Rounds } from './rounds.ts';

it('a daemon survives damage of tables and of the manifest, and is made whole by its peer', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-damage-'));
  const files = ['table', 'manifest'] as const;
  const rounds = new Rounds({ directory, seed: 2, items: 900, files, damages: ['zero', 'cut'] });
  t.after(async () => {
    await rounds.close();
    await rm(directory, { recursive: true, force: true });
  });
  await rounds.begin();
  for (let round = 0; round < 4; round++) {
    const { outcome, peer, ...rest } = await rounds.next();
    assert.ok(outcome === 'whole' || (!peer && outcome === 'lossy'), JSON.stringify(rest));
  }
});
