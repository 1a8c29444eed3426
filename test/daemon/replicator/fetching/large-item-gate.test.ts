import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LargeTurn } from '../../../../src/daemon/replicator/fetching/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const state = { woken: 0 };
  const turn = new LargeTurn({
    clock,
    largeQuietMs: 100,
    largeWaitMs: 5_000,
    wake: () => {
      state.woken++;
    },
  });
  return { clock, state, turn };
}

describe('the turn of large items', () => {
  it('has come where no small one has come', () => {
    const { clock, turn } = setUp();
    assert.equal(turn.come(), true);
    assert.equal(clock.pending, 0);
  });

  it('comes when no small one has come for a while, and is woken then, each time', async () => {
    const { clock, state, turn } = setUp();
    for (const round of [1, 2]) {
      turn.small();
      assert.equal(turn.come(), false);
      await clock.advance(60);
      turn.small();
      assert.equal(turn.come(), false);
      assert.equal(clock.pending, 1, 'it is woken once');
      await clock.advance(99);
      assert.deepEqual([turn.come(), state.woken], [false, round - 1]);
      await clock.advance(1);
      assert.equal(state.woken, round);
      assert.equal(turn.come(), true);
      turn.reset();
    }
  });

  it('comes after ten such whiles though small ones keep coming, and the next waits as long', async () => {
    const { clock, turn } = setUp();
    for (const _ of [1, 2]) {
      for (let ms = 0; ms < 1_000; ms += 50) {
        turn.small();
        assert.equal(turn.come(), false, `after ${ms} ms`);
        await clock.advance(50);
      }
      turn.small();
      assert.equal(turn.come(), true);
      turn.reset();
    }
    turn.stop();
  });

  it('is overdue after the longest wait, measured from when it is first asked for', async () => {
    const { clock, turn } = setUp();
    await clock.advance(10_000);
    for (const _ of [1, 2]) {
      assert.equal(turn.overdue(), false);
      await clock.advance(4_999);
      assert.equal(turn.overdue(), false);
      await clock.advance(1);
      assert.equal(turn.overdue(), true);
      turn.reset();
    }
  });

  it('wakes nobody once it is stopped', async () => {
    const { clock, state, turn } = setUp();
    turn.small();
    turn.come();
    turn.stop();
    turn.stop();
    await clock.advance(1_000);
    assert.equal(state.woken, 0);
    turn.reset();
    turn.small();
    turn.come();
    await clock.advance(100);
    assert.equal(state.woken, 1);
  });
});
