import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { catchUp } from './catch-up.ts';
import { recovery } from './recovery.ts';
import { DIALECTS, dialogues } from './sessions.ts';

/** Any value: the files are written anew. */
const UPDATE = process.env.RANGEMESH_UPDATE !== undefined;

const TRANSCRIPTS: Readonly<Record<string, () => string | Promise<string>>> = {
  ...Object.fromEntries(
    Object.entries(DIALECTS).map(([name, spoken]) => [name, () => dialogues(spoken)]),
  ),
  'catch-up': catchUp,
  recovery,
};

describe('the transcripts', () => {
  for (const [name, make] of Object.entries(TRANSCRIPTS)) {
    it(`${name}.txt is what the code says now`, async () => {
      const file = new URL(`${name}.txt`, import.meta.url);
      const text = await make();
      if (UPDATE) await writeFile(file, text);
      const kept = await readFile(file, 'utf8');
      assert.equal(text, kept, 'review the change, and write it by RANGEMESH_UPDATE=1');
    });
  }
});
