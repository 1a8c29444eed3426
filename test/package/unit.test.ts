import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cleanUp } from '../support/clean-up.ts';

const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);
/** Ten times the exposure that systemd may find. */
const THRESHOLD = 30;

describe('the systemd unit in the docs', () => {
  it('keeps files private, and is exposed by at most 3.0', async (context) => {
    const [, unit = ''] = /```ini\n([\s\S]*?)```/.exec(await readFile(OPERATIONS, 'utf8')) ?? [];
    assert.match(unit, /^StateDirectoryMode=0700$/m);
    assert.match(unit, /^UMask=0077$/m);
    const folder = await mkdtemp(join(tmpdir(), 'rangemesh-unit-'));
    cleanUp(context, () => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'rangemesh.service');
    await writeFile(file, unit);
    const argv = ['security', '--offline=true', `--threshold=${THRESHOLD}`, '--no-pager', file];
    const { error, status, stdout } = spawnSync('systemd-analyze', argv, { encoding: 'utf8' });
    if (error !== undefined) return context.skip('systemd-analyze is not installed');
    assert.equal(status, 0, stdout.split('\n').slice(-3).join('\n'));
  });
});
