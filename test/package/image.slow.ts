// Slow, since npm installs all packages twice, in clean Debian roots.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from './support/pack.ts';

it('the steps of the Dockerfile give an image that runs', async (context) => {
  if (process.getuid?.() !== 0 || spawnSync('mmdebstrap', ['--version']).error !== undefined) {
    context.skip('no root, or no mmdebstrap here');
    return;
  }
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/prove-image.ts'], {
    cwd: ROOT,
    maxBuffer: 2 ** 26,
  });
  assert.equal(stdout.match(/^proved: /gm)?.length, 4, stdout);
});
