import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LINKS } from '../../../../../src/protocol/index.ts';
import {
  allowedFor,
  isHasty,
  partsWorth,
} from '../../../../../src/protocol/reconcile/dialects/native/testing.ts';

const { lean, auto, quick } = LINKS;

/** Ranges of so many items, each with so many differences. */
const alike = (ranges: number, size: number, each: number) => ({
  ranges,
  items: ranges * size,
  each,
});

describe('how far ranges are narrowed before they are read', () => {
  it('is not at all over a thin link', () => {
    for (const size of [1, 100, 4_000, 60_000, 1_000_000]) {
      for (const each of [1, 10, 1_000]) {
        for (const ranges of [1, 16, 256]) {
          assert.equal(partsWorth(alike(ranges, size, each), lean), 1);
        }
      }
    }
  });

  it('is as far as reading costs more than digests, over a fat link', () => {
    assert.equal(partsWorth(alike(1, 62_500, 1), quick), 16);
    assert.equal(partsWorth(alike(1, 3_900, 1), quick), 1);
    assert.equal(partsWorth(alike(1, 200, 1), quick), 1);
  });

  it('weighs half a round trip once for all ranges that are split together', () => {
    assert.equal(partsWorth(alike(1, 62_500, 1), auto), 1, 'reading 62,500 items takes less');
    assert.equal(partsWorth(alike(16, 62_500, 3), auto), 16, 'reading a million takes more');
    assert.equal(partsWorth(alike(1, 3_900, 1), quick), 1);
    assert.equal(partsWorth(alike(100, 3_900, 1), quick), 4);
  });

  it('is not at all where so much differs that nearly all parts would', () => {
    assert.equal(partsWorth(alike(16, 3_900, 600), quick), 1);
    assert.equal(partsWorth(alike(16, 62_500, 600), auto), 1);
  });

  it('makes no more parts than items', () => {
    for (const size of [0, 1, 2, 5]) {
      const free = { bytesPerMs: Number.POSITIVE_INFINITY, roundTripMs: 0 };
      assert.ok(partsWorth(alike(1_000, size, 1), free) <= Math.max(1, size));
    }
  });
});

describe('symbols sent ahead', () => {
  it('are for two standard deviations more where a round trip is worth 16 KiB', () => {
    assert.deepEqual([lean, auto, quick].map(isHasty), [false, true, true]);
    assert.equal(isHasty({ bytesPerMs: 1_024, roundTripMs: 16 }), true);
    assert.equal(isHasty({ bytesPerMs: 1_023, roundTripMs: 16 }), false);
    assert.equal(allowedFor(64, lean), 64);
    assert.equal(allowedFor(64, auto), 80);
  });
});
