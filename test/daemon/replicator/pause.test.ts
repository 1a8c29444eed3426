import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pause } from '../../../src/daemon/replicator/testing.ts';
import type { Replica } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';

const FULL = { code: 'SET_FULL', message: 'no room' };
const OTHER = { code: 'STORE_UNAVAILABLE', message: 'no disk' };

function setUp() {
  const clock = new VirtualClock();
  const replica = { refusing: null as Replica['refusing'] };
  const state = { resumed: 0 };
  const pause = new Pause({
    clock,
    replica: replica as Replica,
    resume: () => {
      state.resumed++;
    },
  });
  return { clock, replica, state, pause };
}

describe('the pause of fetching', () => {
  it('does not begin while every item is stored', () => {
    const { clock, pause } = setUp();
    assert.deepEqual([pause.allowance(), pause.allowance(), pause.reason], ['all', 'all', null]);
    pause.ended(5);
    pause.ended(0);
    assert.equal(pause.allowance(), 'all');
    assert.equal(clock.pending, 0);
  });

  it('lasts while the set refuses items, checked every second', async () => {
    const { clock, replica, state, pause } = setUp();
    for (const round of [1, 2]) {
      replica.refusing = FULL as Replica['refusing'];
      assert.equal(pause.allowance(), 0);
      assert.equal(pause.allowance(), 0);
      assert.equal(clock.pending, 1, 'one look is enough');
      await clock.advance(999);
      assert.equal(state.resumed, round - 1);
      replica.refusing = null;
      assert.equal(pause.allowance(), 0);
      await clock.advance(1);
      assert.equal(state.resumed, round);
      assert.equal(pause.allowance(), 'all');
    }
  });

  it('keeps its one item for those who ask, however often others look whether it is open', async () => {
    const { clock, replica, pause } = setUp();
    assert.equal(pause.open, true);
    replica.refusing = FULL as Replica['refusing'];
    assert.equal(pause.open, false);
    replica.refusing = null;
    pause.refused(FULL);
    assert.equal(pause.open, false);
    await clock.advance(1_000);
    assert.deepEqual([pause.open, pause.open], [false, false]);
    assert.deepEqual([pause.allowance(), pause.open], [1, false]);
    pause.ended(1);
    assert.equal(pause.open, true);
  });

  it('allows one item after a refusal, and all once that is stored', async () => {
    const { clock, state, pause } = setUp();
    for (const _ of [1, 2]) {
      const before = state.resumed;
      pause.refused(FULL);
      assert.equal(pause.reason, FULL);
      await clock.advance(999);
      assert.deepEqual([pause.allowance(), state.resumed], [0, before]);
      await clock.advance(1);
      assert.equal(state.resumed, before + 1);
      assert.equal(pause.allowance(), 1);
      assert.equal(pause.allowance(), 0, 'one is being tried');
      pause.ended(1);
      assert.deepEqual([pause.reason, pause.allowance()], [null, 'all']);
    }
  });

  it('is longer after each refusal in a row, up to a minute', async () => {
    const { clock, pause } = setUp();
    for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      pause.refused(ms === 1_000 ? OTHER : FULL);
      await clock.advance(ms - 1);
      assert.equal(pause.allowance(), 0, `${ms}`);
      await clock.advance(1);
      assert.equal(pause.allowance(), 1, `${ms}`);
    }
    assert.equal(pause.reason, FULL, 'the last one counts');
  });

  it('continues to allow single items where a request brought none', async () => {
    const { clock, pause } = setUp();
    pause.refused(FULL);
    await clock.advance(1_000);
    for (const _ of [1, 2]) {
      assert.equal(pause.allowance(), 1);
      pause.ended(0);
      assert.equal(pause.reason, FULL);
    }
  });

  it('is not ended by a request that began before it', async () => {
    const { clock, pause } = setUp();
    pause.refused(FULL);
    pause.ended(3);
    assert.deepEqual([pause.allowance(), pause.reason], [0, FULL]);
    await clock.advance(1_000);
    pause.refused(FULL);
    await clock.advance(1_000);
    assert.equal(pause.allowance(), 0, 'nor does it take the length of the pause back');
  });

  it('is a single one where many items are refused at once', async () => {
    const { clock, state, pause } = setUp();
    for (let i = 0; i < 3; i++) pause.refused(FULL);
    assert.equal(clock.pending, 1);
    await clock.advance(1_000);
    assert.equal(state.resumed, 1);
    pause.refused(FULL);
    pause.stop();
    assert.equal(clock.pending, 0);
  });
});
