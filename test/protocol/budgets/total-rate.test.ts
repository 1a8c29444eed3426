import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TotalRate } from '../../../src/protocol/budgets/index.ts';
import { VirtualClock } from '../../support/clock.ts';

/** How many tokens each of the peers gets in turn, one after the other. */
function taken(rate: TotalRate, ...peers: string[]): number[] {
  return peers.map((peer) => {
    let count = 0;
    while (rate.take(peer)) count++;
    return count;
  });
}

describe('TotalRate', () => {
  const init = { perSecond: 8, burstSeconds: 5 };

  it('is one for all peers', async () => {
    const clock = new VirtualClock();
    const rate = new TotalRate({ ...init, clock });
    assert.deepEqual(taken(rate, 'a', 'b'), [40, 0]);
    await clock.advance(250);
    assert.deepEqual(taken(rate, 'c', 'a'), [2, 0]);
  });

  it('keeps a quarter for known peers, which may take all of it', async () => {
    const clock = new VirtualClock();
    const known = new Set(['k']);
    const rate = new TotalRate({ ...init, clock, knows: (peer) => known.has(peer) });
    assert.deepEqual(taken(rate, 'a', 'b', 'k'), [30, 0, 10]);
    await clock.advance(1_000);
    assert.deepEqual(taken(rate, 'a', 'k'), [6, 2]);
    await clock.advance(10_000);
    assert.deepEqual(taken(rate, 'k', 'a'), [40, 0]);
    known.delete('k');
    await clock.advance(1_000);
    assert.deepEqual(taken(rate, 'k', 'a'), [8, 0], 'strangers have their own saved up');
  });
});
