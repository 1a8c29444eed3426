import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partsOf } from '../../../../src/protocol/fetch/range/testing.ts';
import { concatBytes, INFINITE_BOUND, type RangePage } from '../../../../src/store/index.ts';
import { itemsOf } from './support.ts';

const ITEMS = itemsOf(5);

function pageOf(count: number): RangePage {
  const page = ITEMS.slice(0, count);
  const records = page.map(({ hint, payload }) => ({ hint, payload }));
  return { ids: concatBytes(...page.map(({ id }) => id)), records, end: INFINITE_BOUND };
}

/** Hints of the records, ids, and the bound of each part. */
function cut(page: RangePage, items: number) {
  return [...partsOf(page, items)].map(({ records, ids, end }) => [
    records.map(({ hint }) => Number(hint)),
    ids.length / 32,
    end,
  ]);
}

describe('the parts of a page', () => {
  it('end where the next key begins, and the last one where the page ends', () => {
    const [, , third, , fifth] = ITEMS.map(({ hint, id }) => ({ hint, id }));
    assert.deepEqual(cut(pageOf(5), 2), [
      [[1, 2], 2, third],
      [[3, 4], 2, fifth],
      [[5], 1, INFINITE_BOUND],
    ]);
    assert.deepEqual(cut(pageOf(4), 2).at(-1), [[3, 4], 2, INFINITE_BOUND]);
    assert.deepEqual(
      [...partsOf(pageOf(5), 2)].map(({ ids }) => ids),
      [0, 2, 4].map((from) => concatBytes(...ITEMS.slice(from, from + 2).map(({ id }) => id))),
    );
  });

  it('are one where the page is empty, or an id has no record', () => {
    assert.deepEqual(cut(pageOf(0), 2), [[[], 0, INFINITE_BOUND]]);
    const { ids, records, end } = pageOf(5);
    assert.deepEqual(cut({ ids, records: records.slice(1), end }, 2), [[[2, 3, 4, 5], 5, end]]);
  });
});
