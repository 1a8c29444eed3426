import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { measure, sentencesOf } from '../../lint/sentences.ts';
import { docPages } from '../support/doc-pages.ts';

/** Words of the average sentence that a page stays below. */
const MOST = 18;
const LONGEST = 45;

describe('the sentences of the docs', () => {
  for (const page of docPages()) {
    it(`have fewer than ${MOST} words on average in ${page.name}, and none has more than ${LONGEST}`, () => {
      const { average, longest } = measure(page.text);
      assert.ok(average < MOST, `${average.toFixed(1)} words: split the longest, "${longest}"`);
      const long = sentencesOf(page.text).filter((sentence) => measure(sentence).words > LONGEST);
      assert.deepEqual(long, []);
    });
  }
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
