import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IndexWait } from '../../../../src/daemon/replicator/upkeep/index.ts';
import { type Replica, StoreError } from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const state = { whole: false, asked: 0, usable: 0 };
  const ready = async () => {
    state.asked++;
    if (!state.whole) throw new StoreError('STORE_REBUILDING', 'the index is being built again');
  };
  const indexWait = new IndexWait({
    replica: { ready } as unknown as Replica,
    clock,
    ready: () => state.usable++,
  });
  return { clock, state, indexWait };
}

describe('IndexWait', () => {
  it('reports once that the index is usable again, however often it was asked to watch', async () => {
    const { clock, state, indexWait } = setUp();
    indexWait.watch();
    indexWait.watch();
    await clock.advance(2_500);
    assert.deepEqual([state.asked, state.usable], [3, 0]);
    state.whole = true;
    await clock.advance(1_000);
    assert.equal(state.usable, 1);
    assert.equal(clock.pending, 0);
    indexWait.watch();
    await settle();
    assert.equal(state.usable, 2);
  });

  it('ends when it is stopped', async () => {
    const { clock, state, indexWait } = setUp();
    indexWait.watch();
    await settle();
    indexWait.stop();
    state.whole = true;
    await clock.advance(10_000);
    indexWait.watch();
    await settle();
    assert.equal(state.usable, 0);
  });
});
