import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PageStore } from '../../../src/daemon/page/live/index.ts';
import type { PageEvent, PageState } from '../../../src/daemon/page/state/index.ts';

const lost = (reason: string): PageEvent => ({ type: 'lost', reason });

function storeWith(init: { maxWaiting?: number } = {}) {
  const frames: (() => void)[] = [];
  const drawn: PageState[] = [];
  const store = new PageStore({ frame: (callback) => frames.push(callback), ...init });
  const stop = store.listen((state) => drawn.push(state));
  return { store, frames, drawn, stop };
}

describe('PageStore', () => {
  it('draws once a frame, however many events came', () => {
    const { store, frames, drawn } = storeWith();
    for (const round of [1, 2]) {
      for (let i = 0; i < 100; i++) store.dispatch(lost(`${round} ${i}`));
      assert.equal(frames.length, 1);
      frames.pop()!();
      assert.equal(drawn.length, round);
      assert.deepEqual(drawn.at(-1)!.connection, { state: 'lost', reason: `${round} 99` });
    }
  });

  it('takes waiting events at its bound where no frames come', () => {
    const { store, frames, drawn } = storeWith({ maxWaiting: 3 });
    store.dispatch(lost('1'));
    store.dispatch(lost('2'));
    assert.equal(store.state.connection.state, 'connecting');
    store.dispatch(lost('3'));
    assert.deepEqual(store.state.connection, { state: 'lost', reason: '3' });
    assert.deepEqual([frames.length, drawn.length], [1, 0]);
  });

  it('calls no listener that has left', () => {
    const { store, frames, drawn, stop } = storeWith();
    stop();
    store.dispatch(lost('1'));
    frames.pop()!();
    assert.equal(drawn.length, 0);
  });
});
