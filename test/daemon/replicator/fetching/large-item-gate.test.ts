import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LargeItemGate } from '../../../../src/daemon/replicator/fetching/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const state = { woken: 0 };
  const gate = new LargeItemGate({
    clock,
    largeQuietMs: 100,
    largeWaitMs: 5_000,
    wake: () => {
      state.woken++;
    },
  });
  return { clock, state, gate };
}

describe('the gate of large items', () => {
  it('is open where no small item has come', () => {
    const { clock, gate } = setUp();
    assert.equal(gate.open(), true);
    assert.equal(clock.pending, 0);
  });

  it('opens when no small item has come for a while, and wakes then, each time', async () => {
    const { clock, state, gate } = setUp();
    for (const round of [1, 2]) {
      gate.noteSmall();
      assert.equal(gate.open(), false);
      await clock.advance(60);
      gate.noteSmall();
      assert.equal(gate.open(), false);
      assert.equal(clock.pending, 1, 'it is woken once');
      await clock.advance(99);
      assert.deepEqual([gate.open(), state.woken], [false, round - 1]);
      await clock.advance(1);
      assert.equal(state.woken, round);
      assert.equal(gate.open(), true);
      gate.reset();
    }
  });

  it('opens after ten such whiles though small items keep coming, and the next wait is as long', async () => {
    const { clock, gate } = setUp();
    for (const _ of [1, 2]) {
      for (let ms = 0; ms < 1_000; ms += 50) {
        gate.noteSmall();
        assert.equal(gate.open(), false, `after ${ms} ms`);
        await clock.advance(50);
      }
      gate.noteSmall();
      assert.equal(gate.open(), true);
      gate.reset();
    }
    gate.stop();
  });

  it('is overdue after the longest wait, measured from when it is first asked for', async () => {
    const { clock, gate } = setUp();
    await clock.advance(10_000);
    for (const _ of [1, 2]) {
      assert.equal(gate.overdue(), false);
      await clock.advance(4_999);
      assert.equal(gate.overdue(), false);
      await clock.advance(1);
      assert.equal(gate.overdue(), true);
      gate.reset();
    }
  });

  it('causes no wake-up after a stop', async () => {
    const { clock, state, gate } = setUp();
    gate.noteSmall();
    gate.open();
    gate.stop();
    gate.stop();
    await clock.advance(1_000);
    assert.equal(state.woken, 0);
    gate.reset();
    gate.noteSmall();
    gate.open();
    await clock.advance(100);
    assert.equal(state.woken, 1);
  });
});
