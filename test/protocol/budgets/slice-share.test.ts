import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SliceShare } from '../../../src/protocol/budgets/index.ts';

/** Slices of which a whole one takes `wholeMs`; those that are cut take their share of that. */
function sized(wholeMs: number) {
  const pace = { sliceMs: 10, now: 0, busyMs: () => pace.now };
  const share = new SliceShare(pace);
  const work = { wholeMs };
  /** How long the slice took. */
  const slice = (done = 1): number =>
    share.run(
      (part) => {
        const ms = work.wholeMs * Math.min(part, done);
        pace.now += ms;
        return { ms, cut: done >= part };
      },
      ({ cut }) => cut,
    ).ms;
  return { pace, share, work, slice };
}

describe('the share of a slice', () => {
  it('is whole until a slice takes too long, and fits the time from then on', () => {
    const { pace, slice } = sized(40);
    assert.deepEqual([slice(), slice(), slice()], [40, 10, 10]);
    pace.sliceMs = 3;
    assert.equal(slice(), 3);
  });

  it('grows over several slices where work becomes faster', () => {
    const { share, work, slice } = sized(40);
    slice();
    work.wholeMs = 20;
    slice();
    assert.ok(share.now > 0.25 && share.now < 0.3, `${share.now}`);
    for (let i = 0; i < 50; i++) slice();
    assert.ok(Math.abs(share.now - 0.5) < 0.01, `${share.now}`);
  });

  it('learns nothing from a slice that ended by itself', () => {
    const { share, slice } = sized(40);
    slice();
    for (let i = 0; i < 50; i++) slice(0.001);
    assert.equal(share.now, 0.25);
  });

  it('is never so small that a slice gets nowhere', () => {
    const { share, slice } = sized(1_000_000);
    slice();
    assert.equal(share.now, 1 / 64);
  });
});
