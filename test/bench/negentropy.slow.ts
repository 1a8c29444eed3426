import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const KEYS = 'bench impl n d buildPerSecond bytesPerItem cpuMs bytes exact'.split(' ');

it('bench negentropy prints a line for each case, all exact', async () => {
  const args = ['negentropy', '--json', '--n', '2000', '--d', '100'];
  const impls = ['rangemesh', 'rangemesh-tree', 'rangemesh-level', 'nostr-tools'];
  const { stdout } = await promisify(execFile)(process.execPath, [
    MAIN,
    ...args,
    ...impls.flatMap((impl) => ['--impl', impl]),
  ]);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ impl, d }) => [impl, d]),
    impls.map((impl) => [impl, 100]),
  );
  for (const figures of lines) {
    assert.deepEqual(Object.keys(figures), KEYS);
    assert.equal(figures.exact, true);
    assert.ok(figures.buildPerSecond > 0 && figures.bytes > 0);
  }
});
