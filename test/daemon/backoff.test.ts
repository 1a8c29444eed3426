import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackOff } from '../../src/daemon/testing.ts';

describe('BackOff', () => {
  it('doubles its pauses up to the longest, counts, and starts small again after a reset', () => {
    const backOff = new BackOff({ baseMs: 100, maxMs: 700 });
    for (let round = 0; round < 2; round++) {
      assert.equal(backOff.failures, 0);
      const pauses = Array.from({ length: 5 }, () => backOff.next());
      assert.deepEqual(pauses, [100, 200, 400, 700, 700]);
      assert.equal(backOff.failures, 5);
      backOff.reset();
    }
  });

  it('stays finite after any number of failures', () => {
    const backOff = new BackOff({ baseMs: 1, maxMs: Number.POSITIVE_INFINITY });
    const pauses = Array.from({ length: 2_000 }, () => backOff.next());
    assert.deepEqual(pauses.slice(29, 33), [2 ** 29, 2 ** 30, 2 ** 30, 2 ** 30]);
    assert.equal(pauses.at(-1), 2 ** 30);
  });
});
