import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Trickle } from '../../../../src/daemon/mesh/discovery/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

/** A timer whose chance is `fraction`; keeps the times at which it fired. */
function create(fraction = 0) {
  const clock = new VirtualClock();
  const fired: number[] = [];
  const bounds = { minMs: 100, maxMs: 700 };
  const state = { heard: true };
  const trickle = new Trickle({
    clock,
    random: { fraction: () => fraction, bytes: (length) => new Uint8Array(length) },
    bounds: () => bounds,
    fire() {
      fired.push(clock.monotonic());
      return state.heard;
    },
  });
  return { clock, fired, bounds, state, trickle };
}

describe('Trickle', () => {
  it('fires in the second half of each interval, which doubles up to the longest', async () => {
    const early = create(0);
    early.trickle.start();
    await early.clock.advance(2_000);
    // Halves of 100, 200, 400, 700, 700, ...
    assert.deepEqual(early.fired, [50, 150, 350, 700, 1_050, 1_400, 1_750]);
    const late = create(1);
    late.trickle.start();
    await late.clock.advance(2_100);
    assert.deepEqual(late.fired, [100, 300, 700, 1_400, 2_100]);
  });

  it('stays at its interval without a listener', async () => {
    const { clock, fired, state, trickle } = create();
    state.heard = false;
    trickle.start();
    await clock.advance(150);
    assert.deepEqual(fired, [50, 100, 150]);
    state.heard = true;
    await clock.advance(150);
    assert.deepEqual(fired, [50, 100, 150, 200, 300]);
  });

  it('fires soon after a change, and further changes cause no delay', async () => {
    const { clock, fired, trickle } = create();
    trickle.start();
    for (let i = 0; i < 3; i++) {
      await clock.advance(15);
      trickle.reset();
    }
    await clock.advance(5);
    assert.deepEqual(fired, [50]);
    await clock.advance(10);
    trickle.reset();
    await clock.advance(49);
    trickle.reset();
    await clock.advance(1);
    assert.deepEqual(fired, [50, 110]);
  });

  it('reads its bounds each time', async () => {
    const { clock, fired, bounds, trickle } = create();
    trickle.start();
    await clock.advance(50);
    bounds.minMs = 600;
    await clock.advance(100 + 300);
    assert.deepEqual(fired, [50, 150, 450]);
  });

  it('ends at a stop, and starts with its shortest interval again', async () => {
    const { clock, fired, trickle } = create();
    trickle.reset();
    assert.equal(clock.pending, 0, 'not before it is started');
    for (let round = 0; round < 2; round++) {
      trickle.start();
      await clock.advance(200);
      trickle.stop();
      trickle.reset();
      assert.equal(clock.pending, 0);
      await clock.advance(1_000);
    }
    assert.deepEqual(fired, [50, 150, 1_250, 1_350]);
  });
});
