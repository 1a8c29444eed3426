import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import { testFiles } from '../support/import-tests.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('runs every test file once: in a suite of its room, or in a process of its own', () => {
  const runs = new Map<string, number>();
  const count = (file: string) => runs.set(file, (runs.get(file) ?? 0) + 1);
  const [, own = ''] = /"(test\/\{[^"]*)"/.exec(manifest.scripts.test) ?? [];
  for (const file of globSync(own, { cwd: ROOT })) count(file);
  for (const name of readdirSync(`${ROOT}/test/suites`)) {
    const suite = readFileSync(`${ROOT}/test/suites/${name}`, 'utf8');
    const [, pattern = ''] = /importTests\(\s*'(.*)'/.exec(suite) ?? [];
    for (const file of testFiles(pattern)) count(`test/${file}`);
  }
  const all = globSync('test/**/*.test.ts', { cwd: ROOT });
  assert.deepEqual(
    all.filter((file) => runs.get(file) !== 1),
    [],
  );
  assert.equal(runs.size, all.length);
});
