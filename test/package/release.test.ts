import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import lock from '../../package-lock.json' with { type: 'json' };

const ROOT = new URL('../../', import.meta.url);
const read = (name: string) => readFile(new URL(name, ROOT), 'utf8');

describe('the list for a release', () => {
  it('names scripts and files that exist', async () => {
    const page = await read('docs/release.md');
    const scripts = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
    assert.ok(scripts.length > 0);
    for (const name of scripts) assert.ok(name in manifest.scripts, name);
    const files = [...page.matchAll(/`([\w.-]+\/[\w./-]*|\w+\.\w+|Dockerfile)`/g)];
    assert.ok(files.length > 5);
    for (const [, name] of files) assert.ok(existsSync(new URL(name!, ROOT)), name);
  });

  it('has numbered steps without a gap', async () => {
    const steps = [...(await read('docs/release.md')).matchAll(/^(\d+)\. /gm)];
    assert.deepEqual(
      steps.map(([, number]) => Number(number)),
      steps.map((_, i) => i + 1),
    );
  });
});

describe('the version', () => {
  it('is the same in the manifest, the lock file, the manual pages and the docs', async () => {
    const { version } = manifest;
    assert.deepEqual([lock.version, lock.packages[''].version], [version, version]);
    for (const page of manifest.man) {
      assert.ok((await read(page)).includes(`"rangemesh ${version}"`), page);
    }
    const archives = (await read('docs/operations.md')).match(/rangemesh-\d+\.\d+\.\d+\.tgz/g);
    assert.deepEqual(new Set(archives), new Set([`rangemesh-${version}.tgz`]));
  });

  it('has a place in the changelog for the next changes', async () => {
    const heads = [...(await read('CHANGELOG.md')).matchAll(/^## (.*)$/gm)].map(([, head]) => head);
    assert.equal(heads[0], 'Unreleased');
  });
});
