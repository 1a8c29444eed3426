import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { verbsOf } from '../daemon/cli/tree.ts';
import { blocksOf, docPages } from '../support/doc-pages.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
/** `test/e2e/docs.slow.ts` knows these; `not run` needs a reason. */
const MARK = /^(?:|run: node|run: stopped node|run: node, endless|not run: \S+ .{10,})$/;
const INDENTED = /^ {4}(?:rangemesh|curl|npm|npx|docker|systemctl) /m;
const CALL = /\brangemesh((?: [a-z]+)+)([^\n`|>&]*)/g;
/** A line of the log, and texts that are hashed. */
const NO_CALL = /^rangemesh (?:is up|native dialect v1 session|twin proof: .*)$/;
const OF_ALL = ['--config', '--data-dir', '--url', '--token-file', '--json', '--help', '--version'];

const pages = docPages().filter(({ name }) => name.startsWith('docs/'));
const verbs = verbsOf();

/** The longest words of a call that are a verb. */
function verbOf(words: readonly string[]): string | null {
  const given = words.join(' ');
  if (verbs.has(given)) return given;
  return words.length > 1 ? verbOf(words.slice(0, -1)) : null;
}

/** Verbs and options in commands that the command line does not have. */
function faultsOf(commands: string): string[] {
  const plain = commands.replaceAll('\\\n', ' ').replace(/\s#.*$/gm, '');
  return [...plain.matchAll(CALL)].flatMap(([call, words = '', rest = '']) => {
    const verb = verbOf(words.trim().split(' '));
    if (verb === null) return [call];
    const known = [...verbs.get(verb)!, ...OF_ALL];
    return (rest.match(/(?<=\s)--[a-z-]+/g) ?? [])
      .filter((option) => !known.includes(option))
      .map((option) => `${call}: ${option}`);
  });
}

describe('the commands in the docs', () => {
  it('stand in blocks that a test runs, or that say why none does', () => {
    const blocks = pages.flatMap(blocksOf);
    assert.ok(blocks.length > 50);
    const unknown = blocks.filter(({ mark }) => !MARK.test(mark));
    assert.deepEqual(
      unknown.map(({ page, mark }) => `${page}: ${mark}`),
      [],
    );
    assert.deepEqual(
      pages.filter(({ text }) => INDENTED.test(text)).map(({ name }) => name),
      [],
    );
  });

  it('have verbs and options that exist', () => {
    for (const { page, commands } of docPages().flatMap(blocksOf)) {
      assert.deepEqual(faultsOf(commands), [], page);
    }
  });

  it('have verbs and options that exist within sentences, too', () => {
    for (const { name, text } of docPages().filter((page) => page.name !== 'CHANGELOG.md')) {
      const inline = [...text.matchAll(/`(rangemesh [a-z][^`]*)`/g)].map(([, call]) => call!);
      const calls = inline.filter((call) => !NO_CALL.test(call));
      assert.deepEqual(faultsOf(calls.join('\n')), [], name);
    }
  });

  it('have verbs and options that exist in the examples, too', () => {
    const texts = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('README.md'))
      .map((name) => readFileSync(`${EXAMPLES}/${name}`, 'utf8'));
    const calls = texts.flatMap((text) => text.match(/^ {4}.*npm run -s rangemesh -- .*$/gm) ?? []);
    assert.ok(calls.length >= 3);
    assert.deepEqual(faultsOf(calls.join('\n').replaceAll(' -- ', ' ')), []);
  });

  it('are noticed when they have others', () => {
    assert.deepEqual(faultsOf('rangemesh ls --limit 3\nrangemesh config check --json'), []);
    assert.deepEqual(faultsOf('rangemesh list'), ['rangemesh list']);
    assert.deepEqual(faultsOf('rangemesh ls --limits 3 # a comment --like this'), [
      'rangemesh ls --limits 3: --limits',
    ]);
  });
});
