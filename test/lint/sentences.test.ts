import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { measure, proseFaults, sentencesOf } from '../../lint/sentences.ts';

describe('the lint of sentences', () => {
  const root = mkdtempSync(join(tmpdir(), 'rangemesh-prose-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const words = (count: number) => `${'word '.repeat(count - 1)}word.`;
  const faultsOf = (text: string, name = 'docs/page.md'): string[] => {
    mkdirSync(join(root, dirname(name)), { recursive: true });
    writeFileSync(join(root, name), text);
    const faults = proseFaults(root).map((fault) => fault.split(':', 1)[0]!);
    rmSync(join(root, name));
    return faults;
  };

  it('finds no fault in the docs themselves', () => {
    assert.deepEqual(proseFaults(fileURLToPath(new URL('../..', import.meta.url))), []);
  });

  it('refuses a page of 18 words a sentence, and takes 17', () => {
    assert.deepEqual(faultsOf(`${words(17)} ${words(17)}`), []);
    assert.deepEqual(faultsOf(`${words(18)} ${words(18)}`), [
      'docs/page.md has 18.0 words a sentence, 18 or more',
    ]);
  });

  it('reads the pages of the examples, too', () => {
    for (const name of ['examples/README.md', 'examples/relay/README.md']) {
      assert.deepEqual(faultsOf(words(18), name), [
        `${name} has 18.0 words a sentence, 18 or more`,
      ]);
    }
  });

  it('refuses a single sentence of 46 words, and takes 45', () => {
    const short = 'Short. '.repeat(9);
    assert.deepEqual(faultsOf(short + words(45)), []);
    assert.deepEqual(faultsOf(short + words(46)), [
      'docs/page.md has a sentence of more than 45 words',
    ]);
  });
});

describe('the count of words', () => {
  it('leaves out code, tables, headings and comments', () => {
    const page =
      '# A heading\n\nOne `two and more` three. Four\nfive.\n\n| a | table |\n|---|---|\n\n' +
      '    some code\n\n```sh\nmore code\n```\n<!-- a comment -->\n\n- An item: six\n- [Seven](seven.md)';
    assert.deepEqual(sentencesOf(page), [
      'One `two and more` three',
      'Four five',
      'An item: six',
      '[Seven](seven.md)',
    ]);
    assert.equal(measure(page).words, 9);
  });

  it('does not end a sentence within a word, such as 1.5 or a.ts', () => {
    assert.deepEqual(sentencesOf('See a.ts for 1.5 of them. Then go on!'), [
      'See a.ts for 1.5 of them',
      'Then go on',
    ]);
  });
});
