import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from 'commander';
import { ADMIN_BOUNDS } from '../../../src/daemon/admin/options.ts';
import { formatSummary } from '../../../src/daemon/cli/import/testing.ts';
import {
  configFlags,
  parseBoundFlag,
  parseBytes,
  parseConcurrency,
  parseCount,
  parseHintFlag,
} from '../../../src/daemon/cli/testing.ts';
import { INFINITE_HINT } from '../../../src/store/index.ts';

/** The settings that a command line gives. */
function settings(...argv: string[]) {
  const command = new Command('x').exitOverride().configureOutput({ writeErr: () => undefined });
  const given = configFlags(command);
  command.parse(argv, { from: 'user' });
  return given();
}

describe('flags', () => {
  it('accept sizes from one byte to a gigabyte', () => {
    for (const [text, bytes] of [
      ['1', 1],
      ['1B', 1],
      ['1GiB', 2 ** 30],
      [`${2 ** 30}`, 2 ** 30],
    ] as const)
      assert.equal(parseBytes(text), bytes);
    for (const text of ['0', '', `${2 ** 30 + 1}`, '2GiB', 'x']) {
      assert.throws(() => parseBytes(text), /from 1B to 1GiB/, text);
    }
  });

  it('accept 1 to 128 calls at a time, fewer than the endpoint takes', () => {
    assert.deepEqual(['1', '128', '0032'].map(parseConcurrency), [1, 128, 32]);
    assert.ok(parseConcurrency('128') < ADMIN_BOUNDS.maxRequests);
    for (const text of ['0', '129', '-1', '1.5', '', '00032']) {
      assert.throws(() => parseConcurrency(text), /from 1 to 128/, text);
    }
  });

  it('accept counts from 1 to the last exact whole number', () => {
    const last = Number.MAX_SAFE_INTEGER;
    assert.deepEqual(['1', `${last}`].map(parseCount), [1, last]);
    for (const text of ['0', `${last + 1}`, '-1', '1.5', '']) {
      assert.throws(() => parseCount(text), /from 1 up/, text);
    }
  });

  it('accept hints up to the last, bounds up to infinity, and keep them unchanged', () => {
    for (const text of ['0', '007', `${INFINITE_HINT - 1n}`])
      assert.equal(parseHintFlag(text), text);
    assert.equal(parseBoundFlag(`${INFINITE_HINT}`), `${INFINITE_HINT}`);
    for (const text of ['', '-1', '1n', '9'.repeat(20), `${INFINITE_HINT}`]) {
      assert.throws(() => parseHintFlag(text), /whole number from 0 to 18446744073709551614/, text);
    }
    assert.throws(() => parseBoundFlag(`${INFINITE_HINT + 1n}`), /to 18446744073709551615/);
  });

  it('set any key with a name of at least one character to any text', () => {
    assert.deepEqual(settings('--set', 'a=', '--set', 'b.c=d=e'), [
      { path: 'a', value: '', source: '--set' },
      { path: 'b.c', value: 'd=e', source: '--set' },
    ]);
    for (const text of ['=x', 'x', '']) {
      assert.throws(() => settings('--set', text), /give section\.key=value/, text);
    }
  });

  it('for lists accumulate, and others keep the last value, in order of first use', () => {
    const argv = ['--peer', 'p', '--network', 'm', '--listen', 'a', 'b', '--network', 'n'];
    assert.deepEqual(settings(...argv, '--listen', 'c', '--peer', 'q'), [
      { path: 'network.peers', value: ['p', 'q'], source: '--peer' },
      { path: 'network.name', value: 'n', source: '--network' },
      { path: 'network.listen', value: ['a', 'b', 'c'], source: '--listen' },
    ]);
  });
});

describe('the summary of an import', () => {
  const nothing = { symlink: 0, notAFile: 0, tooLarge: 0, blankLine: 0, ownFile: 0, manifest: 0 };
  const summary = { imported: 3, created: 1, bytes: 1_024, failed: 0, stopped: null };

  it('contains only lines with a count', () => {
    assert.equal(
      formatSummary({ ...summary, skipped: nothing }, { maxBytes: 1_024 }),
      'imported 3 items, 1.0 KiB: 1 new, 2 there already',
    );
  });

  it('lists skipped and failed inputs, and the reason of a stop', () => {
    const stopped = { code: 'SET_FULL', message: 'no room' };
    const skipped = { symlink: 1, notAFile: 2, tooLarge: 3, blankLine: 4, ownFile: 5, manifest: 6 };
    const text = formatSummary({ ...summary, skipped, failed: 1, stopped }, { maxBytes: 1_024 });
    assert.deepEqual(text.split('\n').slice(1), [
      'skipped 1 symbolic link, 2 neither file nor directory, 3 above 1.0 KiB (--max-bytes), 4 blank lines, 5 files or directories of a node itself, 6 manifest of this import',
      'failed 1',
      'stopped before the end: no room [SET_FULL]',
      'what was not reached is not counted; run the same import again, nothing enters twice',
    ]);
  });
});
