import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { generatePage } from '../../../scripts/build-page.ts';

it('the checked-in status page equals the bundle of its sources', async () => {
  const path = '../../../src/daemon/page/page.generated.ts';
  const checkedIn = await readFile(new URL(path, import.meta.url), 'utf8');
  const generated = await generatePage();
  assert.ok(generated === checkedIn, 'run `npm run page` and commit the file');
});
