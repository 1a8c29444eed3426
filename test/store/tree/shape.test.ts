import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { treeShape } from '../../../src/store/tree/index.ts';
import {
  cutSizes,
  isSeries,
  joinLimit,
  MAX_ENTRIES,
  piecesOf,
  spotWithin,
} from '../../../src/store/tree/testing.ts';
import { wideSum } from '../../support/wide-sum.ts';

describe('sizes of nodes', () => {
  it('are 2 to 65,535 entries, and 128 items and 64 children unless told otherwise', () => {
    assert.deepEqual(treeShape({ scheme: wideSum }), {
      scheme: wideSum,
      leafItems: 128,
      fanout: 64,
    });
    for (const size of [2, MAX_ENTRIES]) {
      const { leafItems, fanout } = treeShape({ scheme: wideSum, leafItems: size, fanout: size });
      assert.deepEqual([leafItems, fanout], [size, size]);
    }
    assert.equal(MAX_ENTRIES, 65_535, 'the largest count of two bytes');
  });

  it('let neighbours be joined that fit into three quarters of a node', () => {
    assert.deepEqual([2, 3, 4, 5, 8, 16, 127].map(joinLimit), [2, 3, 3, 4, 6, 12, 96]);
  });
});

describe('cutting entries into nodes', () => {
  it('leaves entries alone that fit into one node, to its last place', () => {
    for (const series of [null, { begin: 0, end: 4 }]) {
      assert.deepEqual(cutSizes(4, 4, series), [4]);
      assert.deepEqual(cutSizes(1, 4, series), [1]);
    }
  });

  it('is as even as can be where no series goes on', () => {
    assert.deepEqual(cutSizes(5, 4, null), [2, 3]);
    assert.deepEqual(cutSizes(8, 4, null), [4, 4]);
    assert.deepEqual(cutSizes(9, 4, null), [3, 3, 3]);
  });

  it('packs the entries up to the end of a series; the rest goes with the last of them or alone', () => {
    assert.deepEqual(cutSizes(9, 4, { begin: 2, end: 9 }), [4, 4, 1], 'nothing follows');
    assert.deepEqual(cutSizes(8, 4, { begin: 2, end: 8 }), [4, 4], 'nothing follows a full one');
    assert.deepEqual(cutSizes(8, 4, { begin: 2, end: 5 }), [4, 4], 'three fill up the second');
    assert.deepEqual(cutSizes(9, 4, { begin: 2, end: 5 }), [4, 1, 4], 'four are one too many');
    assert.deepEqual(cutSizes(5, 4, { begin: 0, end: 1 }), [1, 4], 'a series at the very front');
  });

  it('gives each piece its place and the spot to the piece it falls into', () => {
    assert.deepEqual(piecesOf([4, 1, 4]), [
      { begin: 0, end: 4 },
      { begin: 4, end: 5 },
      { begin: 5, end: 9 },
    ]);
    const spots = (spot: number) => piecesOf([4, 4]).map((p) => spotWithin(spot, p.begin, p.end));
    assert.deepEqual(spots(4), [4, 0], 'a spot at the seam belongs to the left');
    assert.deepEqual(spots(5), [0, 1]);
    assert.deepEqual(spots(8), [0, 4]);
    assert.deepEqual(spots(9), [0, 0]);
    assert.deepEqual(spots(0), [0, 0], 'no spot');
  });
});

describe('a write is one of a series', () => {
  it('when it is several entries side by side, wherever they come', () => {
    assert.ok(isSeries({ begin: 3, end: 5 }, 0));
    assert.ok(isSeries({ begin: 3, end: 5 }, 9));
  });

  it('when it is one entry directly behind or before the last ones, and not one further on', () => {
    const at = (begin: number, spot: number) => isSeries({ begin, end: begin + 1 }, spot);
    assert.deepEqual(
      [4, 5, 6, 7, 3].map((begin) => at(begin, 6)),
      [false, true, true, false, false],
    );
    assert.ok(at(0, 1), 'before the first');
    assert.ok(!at(0, 0), 'where there was no spot');
  });
});
