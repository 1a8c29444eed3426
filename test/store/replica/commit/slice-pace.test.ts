import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlicePace } from '../../../../src/store/replica/commit/index.ts';
import { SlowClock } from './merger-support.ts';

const NO_SINK = { put() {}, del() {} };

function pacing(leastWork?: number) {
  const clock = new SlowClock();
  const bulk = { sliceMs: 10, busyMs: () => clock.monotonic() };
  const least = leastWork === undefined ? {} : { leastWork };
  const pace = new SlicePace({ bulk, firstUnitMs: 0.01, leastUnitMs: 0.001, ...least });
  /** A slice of so much work that takes so many milliseconds, in each of its halves or in one. */
  const slice = (work: number, ms: number, encodeMs = ms): void => {
    const commit = {
      number: 1,
      begin() {},
      fill: () => {
        clock.ms += encodeMs;
      },
      commit() {},
      discard() {},
    };
    const measured = pace.measured(() => {
      clock.ms += ms;
      return { ...commit, work };
    });
    measured?.fill(NO_SINK);
  };
  return { pace, bulk, slice };
}

describe('the pace of slices', () => {
  it('leaves a fifth of the time of a slice to what follows it', () => {
    assert.equal(pacing().pace.work, 800);
  });

  it('follows the time that there is at present', () => {
    const { pace, bulk } = pacing();
    bulk.sliceMs = 3;
    assert.ok(Math.abs(pace.work - 240) < 1e-6);
    bulk.sliceMs = 10;
    assert.equal(pace.work, 800);
  });

  it('learns nothing from slices that are mostly overhead, and asks for none', () => {
    const { pace, slice } = pacing(100);
    slice(99, 99);
    assert.equal(pace.work, 800);
    slice(100, 100);
    assert.equal(pace.work, 100, 'eight units fit');
  });

  it('counts the longer half of a slice: a turn of the event loop lies between them', () => {
    for (const [ms, encodeMs] of [
      [2, 1],
      [1, 2],
    ] as const) {
      const { pace, slice } = pacing();
      slice(100, ms, encodeMs);
      assert.equal(pace.work, 400);
    }
  });
});
