import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Arrivals } from '../../../../src/daemon/replicator/scheduling/index.ts';
import { VirtualClock } from '../../../support/clock.ts';

describe('Arrivals', () => {
  it('delays sessions while fetched items arrive, and for a while at first', async () => {
    const clock = new VirtualClock();
    const arrivals = new Arrivals({ clock });
    assert.equal(arrivals.worthWaiting(false), false);
    assert.equal(arrivals.worthWaiting(true), true);
    await clock.advance(4_999);
    assert.equal(arrivals.worthWaiting(true), true);
    arrivals.came();
    await clock.advance(4_999);
    assert.equal(arrivals.worthWaiting(true), true);
    await clock.advance(1);
    assert.equal(arrivals.worthWaiting(true), false);
    assert.equal(arrivals.worthWaiting(false), false);
    assert.equal(arrivals.worthWaiting(true), true, 'something else is fetched now');
  });
});
