import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import { commandPage } from '../../scripts/man/command-page.ts';
import { configPage } from '../../scripts/man/config-page.ts';
import { LEAVES } from '../../src/daemon/config/index.ts';
import { EXIT_MEANINGS } from '../../src/daemon/testing.ts';
import { verbsOf } from '../daemon/cli/tree.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (name: string) => readFile(new URL(name, ROOT), 'utf8');
const defaults = await read('config/default.yaml');
const PAGES: Record<string, () => string> = {
  'man/rangemesh.1': () => commandPage(manifest.version),
  'man/rangemesh.yaml.5': () => configPage(manifest.version, defaults),
};
/** The words that a reader sees. */
const shown = (page: string) => page.replaceAll('\\-', '-');

describe('the manual pages', () => {
  it('are those that the package installs', () => {
    assert.deepEqual(manifest.man, Object.keys(PAGES));
    assert.ok(manifest.files.includes('man'));
  });

  for (const [name, write] of Object.entries(PAGES)) {
    it(`${name} is what "npm run man" writes now`, async () => {
      assert.ok((await read(name)) === write(), 'run "npm run man", and commit the pages');
    });

    it(`${name} is shown without a warning`, (context) => {
      const file = fileURLToPath(new URL(name, ROOT));
      const env = { ...process.env, MANWIDTH: '100', MAN_KEEP_FORMATTING: '1', LC_ALL: 'C.UTF-8' };
      const argv = ['--warnings', '--local-file', file];
      const { error, status, stderr } = spawnSync('man', argv, { encoding: 'utf8', env });
      if (error !== undefined) return context.skip('man is not installed');
      assert.deepEqual([status, stderr], [0, '']);
    });
  }

  it('name each verb with its options, and each exit code', () => {
    const page = shown(PAGES['man/rangemesh.1']!());
    const [common, ...verbs] = page.split(/^\.S[HS] "(?=COMMON|rangemesh)/m).slice(1);
    for (const [verb, options] of verbsOf()) {
      const own = verbs.find((part) => part.startsWith(`rangemesh ${verb} `));
      assert.ok(own !== undefined, verb);
      for (const option of options) {
        const named = new RegExp(`^\\.B ".*${option}[ "]`, 'm');
        assert.ok(
          [own, common!].some((part) => named.test(part)),
          `${option} of ${verb}`,
        );
      }
    }
    for (const code of Object.keys(EXIT_MEANINGS)) assert.ok(page.includes(`.B "${code}"`), code);
  });

  it('name each key of the configuration, with its default and a description', () => {
    const page = shown(PAGES['man/rangemesh.yaml.5']!());
    const named = page.matchAll(/^\.B "(\w+\.[\w.]+)"\n(\S.*)\n\.br\nDefault: \S/gm);
    const paths = [...named].map(([, path]) => path);
    const keys = [...LEAVES].flatMap(([section, below]) =>
      [...below.keys()].map((key) => `${section}.${key}`),
    );
    assert.deepEqual(paths.sort(), keys.sort());
  });
});
