import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { generateKernel } from '../../../scripts/kernel.ts';

it('the checked-in kernel equals the compiled assembly/', async () => {
  const path = '../../../src/store/kernel/kernel.generated.ts';
  const checkedIn = await readFile(new URL(path, import.meta.url), 'utf8');
  const generated = await generateKernel();
  assert.ok(generated === checkedIn, 'run `npm run kernel` and commit the file');
});
